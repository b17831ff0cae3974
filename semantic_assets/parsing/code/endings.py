"""What files are that no reader takes, by the ends of their names, and what to do about each."""

_SAVE = "save it in another format, or exclude it in dataset.toml"
_EXCLUDE = "exclude it in dataset.toml"
_UNPACK = "unpack it beside, or pack it as .zip or .tar.gz"
_PDF = "export it as PDF"
_SECRETS = "its values may be secrets, so it is not read: exclude it in dataset.toml"

#: By what such files are and the remedy: their endings.
_KINDS: dict[tuple[str, str], str] = {
    ("programs", _EXCLUDE): ".exe .dll .so .dylib .o .a .obj .lib .class .pyc .pyo .pyd .wasm .apk "
    ".msi .elf .com .sys .ko .node .beam .elc",
    ("packages of programs", _EXCLUDE): ".jar .war .ear .whl .egg .deb .rpm .nupkg .gem .crx .xpi "
    ".aar .snap .flatpak .appimage .ipa",
    ("archives", _UNPACK): ".7z .rar .lz .lzma .zst .z .ar .cab .arj .cpio .lzh .br .lz4 .sit",
    ("files", "unpack it"): ".gz .bz2 .xz",
    ("images of disks", _UNPACK): ".iso .img .dmg .vmdk .vhdx .qcow2 .vdi",
    ("databases", "export its tables as CSV"): ".sqlite .sqlite3 .db .db3 .mdb .accdb .dbf .frm "
    ".duckdb .mdf .ibd",
    ("Apple iWork documents", _PDF): ".key .pages .numbers",
    ("drawings", _PDF): ".dwg .dxf .vsd .vsdx .ai .eps .ps .cdr .indd .sketch .fig .xd .drawio",
    ("3D models", _EXCLUDE): ".stl .obj3d .step .stp .iges .blend .fbx .glb .gltf .3ds .skp",
    ("pictures", "save it as PNG or JPEG"): ".psd .xcf .tif .tiff .bmp .gif .ico .icns .raw .cr2 "
    ".nef .dng .tga .avif .jxl .jp2 .ppm .pgm .exr .djvu",
    ("sounds", "save it as MP3 or WAV"): ".m4a .wma .opus .mid .midi .amr .aif .ape .caf",
    ("videos", "save it as MP4"): ".mkv .flv .m4v .vob .rmvb .m2ts .mts2 .ogv .swf",
    ("fonts", _EXCLUDE): ".ttf .otf .woff .woff2 .eot .pfb .pfa .afm .tfm .fon",
    ("e-books", "save it as EPUB or PDF"): ".mobi .azw .azw3 .lit .kfx .prc",
    ("models or arrays of numbers", _EXCLUDE): ".npy .npz .pkl .pickle .pt .pth .onnx .h5 .hdf5 "
    ".safetensors .gguf .joblib .tflite .mat .rds .rda .rdata .nc .fits .feather .arrow .avro .orc",
    ("statistical data", "export it as CSV"): ".sav .dta .sas7bdat .por .xpt",
    ("mailboxes of Outlook", "export its messages as .eml or .mbox"): ".pst .ost",
    ("notes", _PDF): ".one .onetoc2 .enex .mmap .xmind",
    ("keys or certificates", _SECRETS): ".pem .crt .cer .der .p12 .pfx .jks .keystore .gpg .pgp "
    ".kdbx .sig",
    ("environment files", _SECRETS): ".env",
    ("backups", _EXCLUDE): ".bak .old .orig .swp .tmp .temp .part .crdownload .cache",
    ("lock files", _EXCLUDE): ".lock",
    ("maps of minified code", _EXCLUDE): ".map",
    ("binary data", _SAVE): ".bin .dat .data .dump .pak .idx .pack",
}
_BY_ENDING = {ending: kind for kind, endings in _KINDS.items() for ending in endings.split()}


def kind_of(ending: str) -> tuple[str, str]:
    """Return what files with an ending are, in the plural, and the remedy."""
    if not ending:
        return "files whose names have no ending", _SAVE
    what, remedy = _BY_ENDING.get(ending, ("files", _SAVE))
    return f"{what} that end in {ending}", remedy
