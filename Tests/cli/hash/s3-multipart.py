"""Uploads a file with boto3 to moto's S3 server on loopback, and prints the digests that the server then reports.

    s3-multipart.py FILE PART-BYTES…

prints lines of the algorithm, the part size and the digest; "empty" instead of the size for an empty file, and "whole"
for a digest that does not depend on parts. The server is a thread of this process, on a port that the kernel assigns, and
ends with it.
"""

import base64
import logging
import os
import sys

# No settings of this user, and no proxy for loopback.
os.environ.update(AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null", NO_PROXY="127.0.0.1")

import boto3
import google_crc32c
from awscrt import checksums
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from moto.server import ThreadedMotoServer

BUCKET = "bucket"


def hexadecimal(text):
    return base64.b64decode(text, validate=True).hex()


def upload(s3, data, part_bytes, **options):
    """Uploads an object in parts; returns the response to a request for it."""
    key = f"parts-{part_bytes}"
    upload_id = s3.create_multipart_upload(Bucket=BUCKET, Key=key, **options)["UploadId"]
    parts = []
    for number, start in enumerate(range(0, max(len(data), 1), part_bytes), start=1):
        body = data[start : start + part_bytes]
        algorithm = {name: value for name, value in options.items() if name == "ChecksumAlgorithm"}
        part = s3.upload_part(
            Bucket=BUCKET, Key=key, UploadId=upload_id, PartNumber=number, Body=body, **algorithm
        )
        parts.append({"PartNumber": number, "ETag": part["ETag"]})
    s3.complete_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload_id, MultipartUpload={"Parts": parts})
    # Not HEAD, for which moto, unlike S3, omits the number of parts after a composite checksum.
    seen = s3.get_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED")
    seen["Body"].close()
    return seen


def show_parts(s3, data, part_bytes, label):
    for algorithm in ("SHA256", "CRC32C"):
        seen = upload(s3, data, part_bytes, ChecksumAlgorithm=algorithm, ChecksumType="COMPOSITE")
        assert seen["ChecksumType"] == "COMPOSITE", seen
        print(f"s3-{algorithm.lower()}", label, seen[f"Checksum{algorithm}"])
    print("s3-etag", label, seen["ETag"].strip('"'))


def show_transfer(s3, path):
    """The usual way: boto3 splits the file, at its default sizes."""
    s3.upload_file(path, BUCKET, "file")
    print("s3-etag", TransferConfig().multipart_chunksize, s3.head_object(Bucket=BUCKET, Key="file")["ETag"].strip('"'))


def show_whole(s3, data, part_bytes):
    for algorithm in ("CRC32", "CRC32C", "CRC64NVME"):
        seen = upload(s3, data, part_bytes, ChecksumAlgorithm=algorithm, ChecksumType="FULL_OBJECT")
        assert seen["ChecksumType"] == "FULL_OBJECT", seen
        print(algorithm.lower(), "whole", hexadecimal(seen[f"Checksum{algorithm}"]))
    # The server uses crc32c, zlib and awscrt; other implementations agree.
    print("crc32c", "whole", f"{google_crc32c.value(data):08x}")
    print("crc32", "whole", f"{checksums.crc32(data):08x}")


def main(path, *sizes):
    # If these cannot be imported, moto silently uses CRC-32 for every algorithm.
    import crc32c  # noqa: F401

    with open(path, "rb") as file:
        data = file.read()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        s3 = boto3.client(
            "s3",
            endpoint_url=f"http://{host}:{port}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(connect_timeout=10, read_timeout=20, retries={"total_max_attempts": 1}),
        )
        s3.create_bucket(Bucket=BUCKET)
        for size in sizes:
            show_parts(s3, data, int(size), size)
        show_parts(s3, b"", int(sizes[0]), "empty")
        show_transfer(s3, path)
        show_whole(s3, data, int(sizes[0]))
    finally:
        server.stop()


main(*sys.argv[1:])
