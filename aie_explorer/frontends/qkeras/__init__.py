"""QKeras quantizers as exact integer arithmetic, without TensorFlow.

`quantizer` reads one, `weights` gives the integers of a kernel or bias, `activations` the function of an activation,
`batchnorm` the scale and offset of a normalization. The semantics were read from the sources of qkeras-v3 1.2 and
QKeras 0.9.0, whose quantizers compute the same numbers at inference. They differ in this:

* min_po2_exponent and max_po2_exponent: qkeras-v3 fails unless both are given, QKeras 0.9.0 takes either.
* quantized_hswish: `use_ste` is an argument of 0.9.0 alone.
* QBatchNormalization and QDenseBatchnorm: rsqrt in 0.9.0, 1 / sqrt in qkeras-v3; see `batchnorm`.
* Versions before 0.9 round "auto_po2" weights with the scale before the last, which is another number only where five
  rounds did not settle it.

Neither saves scale_axis, elements_per_scale, the limits of the exponent, use_ste or is_quantized_clip of a quantizer:
a saved model is what QKeras makes of it when it loads it, with their defaults. Three global settings are in no model:
the internal sigmoid (taken as its default "hard" unless told otherwise), Keras's epsilon (1e-7) and image_data_format
("channels_last").
"""
