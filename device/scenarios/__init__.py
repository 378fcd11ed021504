"""The functional matrix: the synthetic driver through the whole monitor, case by case, with a verdict for each."""
