"""promptlab (facade: in progress)"""
