"""The study of distillation and contrast."""
