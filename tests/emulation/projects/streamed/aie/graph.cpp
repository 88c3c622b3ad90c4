#include "graph.h"

#include "weights.h"

streamed network;

int main()
{
    network.init();
    network.update(network.weights, first_weights, inner * columns);
    network.update(network.threshold, 0);
    network.update(network.threshold, 10);
    network.run(2);
    network.wait();
    network.update(network.weights, second_weights, inner * columns);
    network.run(1);
    network.update(network.threshold, -20);
    int32 passed = 0;
    network.read(network.passed, passed);
    network.end();
    return passed == 3 * rows * columns ? 0 : 1;
}
