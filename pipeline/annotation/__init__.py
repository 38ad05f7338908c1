"""The annotation page, on which a person watches videos and clicks single frames."""
