"""Data sets before anybody trains on them: read as they are delivered, inspected, cleaned, labelled by hand."""
