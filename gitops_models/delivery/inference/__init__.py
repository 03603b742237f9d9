"""A small server for try-outs and tests: the models of a directory target by the Open Inference Protocol (V2)."""
