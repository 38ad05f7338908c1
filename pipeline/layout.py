"""What the stages are called, for whoever need not wait for what they import."""

# The Luigi task that stands for each stage, in the order of the work.
TASKS = {
    "decode": "DecodeVideos",
    "flow": "ComputeFlow",
    "features": "ExtractFeatures",
    "points": "GeneratePoints",
    "train": "TrainSODA",
    "refine": "RefineSODA",
    "detect": "DetectActions",
    "evaluate": "Evaluate",
    "report": "Report",
    "experiment": "Experiment",
}
PER_VIDEO = ("decode", "flow", "features")

# The folders of stages, in a work folder, that are not named like their stage.
FOLDERS = {
    "decode": "frames",
    "train": "models",
    "refine": "models",
    "detect": "detections",
    "evaluate": "evaluation",
    "experiment": "experiments",
}
FILE_STAGES = ("points", "evaluate")  # have files by fingerprint, others folders
