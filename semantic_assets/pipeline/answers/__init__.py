"""Answers on their way into the lake: downloaded, checked against their texts, landed."""
