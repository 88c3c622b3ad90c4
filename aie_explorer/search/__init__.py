"""Sweeps, exact Pareto fronts and objectives over the design space."""
