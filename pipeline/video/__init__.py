"""Readers for any video, and the two lossless caches: frames and optical flow."""

from pipeline.video.cached import CachedFlow as CachedFlow
from pipeline.video.cached import CachedFrames as CachedFrames
from pipeline.video.ends import Ends as Ends
from pipeline.video.ends import decode_ends as decode_ends
from pipeline.video.probe import VideoInfo as VideoInfo
from pipeline.video.probe import probe as probe
from pipeline.video.proxy import begins_late as begins_late
from pipeline.video.proxy import plays_in_browsers as plays_in_browsers
from pipeline.video.proxy import write_proxy as write_proxy
from pipeline.video.sampling import DecodeConfig as DecodeConfig
from pipeline.video.sampling import SampledFrames as SampledFrames
from pipeline.video.strip import film_strip as film_strip
