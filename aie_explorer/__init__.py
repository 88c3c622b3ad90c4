"""Design-space explorer and compiler for quantized neural networks on AMD AI Engines."""

__version__ = "0.1.0"
