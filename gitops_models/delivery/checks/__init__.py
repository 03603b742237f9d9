"""What is looked at before and after a switch: one module per kind of check, all behind ``base.Checks``."""
