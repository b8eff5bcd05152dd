"""Models: the embedded one, and any OpenAI-compatible server, behind one protocol (`promptlab.types.Model`)."""

from promptlab.models.embedded import EmbeddedModel
from promptlab.models.families import available_profiles
from promptlab.models.fetching import fetch_base
from promptlab.models.openai_api import OpenAIModel
from promptlab.models.opening import available_models, longest_output, open_model, serve_embedded
from promptlab.models.profiles import Profile
from promptlab.models.vllm_server import serve_vllm

__all__ = [
    "EmbeddedModel",
    "OpenAIModel",
    "Profile",
    "available_models",
    "available_profiles",
    "fetch_base",
    "longest_output",
    "open_model",
    "serve_embedded",
    "serve_vllm",
]
