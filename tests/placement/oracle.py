"""An independent judge of placements: legality by tiles, cost by the formula, the best one by trying everything.

It shares no code with the package beyond the records that describe a problem.
"""

import random

from aie_explorer.placement import Array, Block, Edge, Problem, Region, Rules, Weights


def faults(problem, placement):
    """What is illegal, as (rule, block) pairs."""
    columns, rows, rules = problem.array.columns, problem.array.rows, problem.rules
    found, owner = [], {}
    taken = {(x, y) for x in rules.forbidden_columns for y in range(rows)}
    for region in rules.reserved:
        taken |= {(region.column + i, region.row + j) for i in range(region.width) for j in range(region.height)}
    if set(placement) != {block.name for block in problem.blocks}:
        found.append(("names", ""))
    for block in problem.blocks:
        x, y = placement[block.name]
        for tile in [(x + i, y + j) for i in range(block.width) for j in range(block.height)]:
            if not (0 <= tile[0] < columns and 0 <= tile[1] < rows):
                found.append(("array", block.name))
            if tile in taken:
                found.append(("taken", block.name))
            if tile in owner:
                found.append(("overlap", block.name))
            owner[tile] = block.name
    for name, tile in rules.pins:
        if placement[name] != tile:
            found.append(("pin", name))
    return found + (_kept(problem, placement, owner, taken) if rules.keepout_columns else [])


def _kept(problem, placement, owner, taken):
    """Who lies in the column west of a block."""
    found = []
    for block in problem.blocks:
        x, y = placement[block.name]
        feeding = {edge.producer for edge in problem.edges if edge.consumer == block.name
                   and edge.kind == "direct" and edge.exclusive and problem.rules.keepout_shared}
        for tile in [(x - 1, y + j) for j in range(block.height) if x > 0]:
            if tile in taken:
                found.append(("keepout", block.name))
            if tile in owner:
                behind = next(b for b in problem.blocks if b.name == owner[tile])
                ox, oy = placement[behind.name]
                abuts = ox + behind.width == x and (oy, behind.height) == (y, block.height)
                if not (abuts and behind.name in feeding):
                    found.append(("keepout", block.name))
    return found


def cost(problem, placement):
    """The objective, term by term."""
    size = {block.name: (block.width, block.height) for block in problem.blocks}
    weights = problem.weights
    total = sum(weights.row * placement[name][1] for name in size)
    for edge in problem.edges:
        (px, py), (cx, cy) = placement[edge.producer], placement[edge.consumer]
        (pw, ph), (_, ch) = size[edge.producer], size[edge.consumer]
        rows = {py + j for j in range(ph)}, {cy + j for j in range(ch)}
        total += abs(cx - (px + pw - 1)) + weights.vertical * min(abs(a - b) for a in rows[0] for b in rows[1])
        if edge.kind == "memory_tile":
            total += weights.memory_tile * (py + cy)
    if problem.array.pl_columns:
        for name in problem.inputs:
            total += weights.plio * min(abs(placement[name][0] - pl) for pl in problem.array.pl_columns)
        for name in problem.outputs:
            east = placement[name][0] + size[name][0] - 1
            total += weights.plio * min(abs(east - pl) for pl in problem.array.pl_columns)
    return total


def best_cost(problem):
    """The cost of the best placement, None if there is none.

    Every legal combination of positions is looked at, but for those whose first blocks alone already cost more than
    the best one found: no term of the cost is negative.
    """
    columns, rows = problem.array.columns, problem.array.rows
    spots = [[(x, y) for x in range(columns - b.width + 1) for y in range(rows - b.height + 1)] for b in problem.blocks]
    names = [b.name for b in problem.blocks]
    parts = [_first(problem, count) for count in range(len(names) + 1)]
    best = [None]

    def extend(placement):
        if len(placement) == len(names):
            value = cost(problem, placement)
            if best[0] is None or value < best[0]:
                best[0] = value
            return
        index = len(placement)
        for spot in spots[index]:
            grown = {**placement, names[index]: spot}
            part = parts[index + 1]
            if (best[0] is None or cost(part, grown) < best[0]) and not faults(part, grown):
                extend(grown)

    extend({})
    return best[0]


def _first(problem, count):
    """The problem of the first blocks alone."""
    names = {b.name for b in problem.blocks[:count]}
    rules = problem.rules
    return Problem(problem.blocks[:count], tuple(e for e in problem.edges if {e.producer, e.consumer} <= names),
                   problem.array, problem.weights,
                   Rules(rules.keepout_columns, rules.keepout_shared, rules.forbidden_columns, rules.reserved,
                         tuple(pin for pin in rules.pins if pin[0] in names)),
                   tuple(name for name in problem.inputs if name in names),
                   tuple(name for name in problem.outputs if name in names))


def random_problem(seed, *, columns, rows, blocks, fill=0.7, least=(2, 1, 1)):
    """A problem of up to `blocks` blocks on an array of up to columns x rows tiles, with rules of every kind.

    `least` are the fewest columns, rows and, where they fit, blocks.
    """
    numbers = random.Random(seed)
    array = Array(numbers.randint(least[0], columns), numbers.randint(least[1], rows), "the array",
                  tuple(range(numbers.randint(0, 2), 4)) if numbers.random() < 0.5 else ())
    shapes, used = [], 0
    for _ in range(numbers.randint(least[2], blocks)):
        width, height = numbers.randint(1, max(1, array.columns // 2)), numbers.randint(1, array.rows)
        if used + width * height <= fill * array.tiles:
            shapes.append((width, height))
            used += width * height
    made = tuple(Block(f"b{i}", *shape) for i, shape in enumerate(shapes or [(1, 1)]))
    pairs = [(i, j) for j in range(len(made)) for i in range(j) if i == j - 1 or numbers.random() < 0.3]
    sent = [i for i, _ in pairs]
    edges = tuple(Edge(made[i].name, made[j].name, numbers.choice(["direct", "memory_tile"]), sent.count(i) == 1)
                  for i, j in pairs)
    forbidden = (numbers.randrange(array.columns),) if numbers.random() < 0.2 else ()
    reserved = (Region(numbers.randrange(array.columns), numbers.randrange(array.rows), 1, 1),) if (
        numbers.random() < 0.2) else ()
    chosen = numbers.choice(made)
    pins = ((chosen.name, (numbers.randint(0, array.columns - chosen.width),
                           numbers.randint(0, array.rows - chosen.height))),) if numbers.random() < 0.3 else ()
    weights = Weights(numbers.choice([1.0, 0.5, 2.0]), numbers.choice([0.05, 0.0, 1.0]),
                      numbers.choice([0.0, 0.25]), numbers.choice([0.0, 0.1]))
    return Problem(made, edges, array, weights,
                   Rules(numbers.randint(0, 1), numbers.random() < 0.8, forbidden, reserved, pins),
                   inputs=(made[0].name,), outputs=(made[-1].name,))
