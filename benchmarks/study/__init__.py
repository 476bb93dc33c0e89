"""The study of distillation and contrast that `benchmarks.ablation` runs."""
