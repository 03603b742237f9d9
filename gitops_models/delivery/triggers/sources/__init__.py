"""Where signals come from: one module a way of asking."""
