"""The usual endings of movies and recordings. ffprobe decides whether a file is what its name says."""

VIDEO = "3gp asf avi dv f4v flv m2ts m4v mkv mov mp4 mpeg mpg mts mxf ogm ogv rm rmvb ts vob webm wmv"
AUDIO = "aac ac3 aif aiff amr eac3 flac m4a m4b mka mp2 mp3 oga ogg opus wav wma"
MEDIA_SUFFIXES = frozenset(f".{name}" for kind in (VIDEO, AUDIO) for name in kind.split())
