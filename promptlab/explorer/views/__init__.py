"""The widgets: they show the state and change it, and know nothing else. This package alone needs ipywidgets."""
