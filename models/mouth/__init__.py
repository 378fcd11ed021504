"""The mouth network: the lips and their inner gap from one small grey crop."""
