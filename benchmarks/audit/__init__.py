"""The audit of negatives."""
