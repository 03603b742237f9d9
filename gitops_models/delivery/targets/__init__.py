"""Where models are served: one module per kind of target, all behind ``base.Target``."""
