"""How the embedded models were trained: cold-start SFT and GRPO on the package's own questions. See README.md."""
