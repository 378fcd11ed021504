"""The expression network: its data, training, evaluation, export and explanation."""
