"""Models: the embedded one, and any OpenAI-compatible server, behind one protocol (`promptlab.types.Model`)."""

from promptlab.models.embedded import EmbeddedModel
from promptlab.models.fetching import fetch_base
from promptlab.models.openai_api import OpenAIModel
from promptlab.models.opening import available_models, open_model, serve_embedded

__all__ = ["EmbeddedModel", "OpenAIModel", "available_models", "fetch_base", "open_model", "serve_embedded"]
