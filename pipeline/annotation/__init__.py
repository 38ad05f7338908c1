"""The annotation page: a person watches, and clicks single frames."""
