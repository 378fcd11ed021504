"""The lids network: lid points, iris, opening, lid state and readability of one eye from a grey 64x48 crop."""
