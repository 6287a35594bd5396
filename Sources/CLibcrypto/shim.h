// The functions for single algorithms. They are deprecated in favour of EVP_Digest, which would link all of libcrypto
// into a static program, and load providers and a configuration file at its start.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/md5.h>
#include <openssl/sha.h>
