"""QKeras quantizers as exact integer arithmetic, without TensorFlow.

The semantics were read from the sources of qkeras-v3 1.2 and QKeras 0.9.0, whose quantizers compute the same numbers;
where they differ it is said beside the formula. Both depend on two global settings that no model holds: the internal
sigmoid (taken as its default "hard" unless told otherwise) and Keras's image_data_format (taken as "channels_last").
"""
