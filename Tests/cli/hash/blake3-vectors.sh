# BLAKE3's published test vectors are reproduced in all three modes, from files and pipes.
. "$CLI_LIB"
key='whats the Elvish word for friend'
context='BLAKE3 2019-12-27 16:29:52 test vectors context'
# The inputs are prefixes of the bytes 0 to 250, repeated.
perl -e 'binmode STDOUT; print pack("C*", 0 .. 250) x 408' > pattern

while read -r bytes mode digest; do
    echo "$digest  $bytes" >> "$mode.expected"
    [[ $mode == hash ]] || continue
    head -c "$bytes" pattern > "$bytes"
    files+=("$bytes")
done << 'VECTORS'
0 hash af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262
0 keyed 92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26
0 derived 2cc39783c223154fea8dfb7c1b1660f2ac2dcbd1c1de8277b0b0dd39b7e50d7d
1 hash 2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213
1 keyed 6d7878dfff2f485635d39013278ae14f1454b8c0a3a2d34bc1ab38228a80c95b
1 derived b3e2e340a117a499c6cf2398a19ee0d29cca2bb7404c73063382693bf66cb06c
1023 hash 10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11
1023 keyed c951ecdf03288d0fcc96ee3413563d8a6d3589547f2c2fb36d9786470f1b9d6e
1023 derived 74a16c1c3d44368a86e1ca6df64be6a2f64cce8f09220787450722d85725dea5
1024 hash 42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7
1024 keyed 75c46f6f3d9eb4f55ecaaee480db732e6c2105546f1e675003687c31719c7ba4
1024 derived 7356cd7720d5b66b6d0697eb3177d9f8d73a4a5c5e968896eb6a689684302706
1025 hash d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444
1025 keyed 357dc55de0c7e382c900fd6e320acc04146be01db6a8ce7210b7189bd664ea69
1025 derived effaa245f065fbf82ac186839a249707c3bddf6d3fdda22d1b95a3c970379bcb
2048 hash e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a
2048 keyed 879cf1fa2ea0e79126cb1063617a05b6ad9d0b696d0d757cf053439f60a99dd1
2048 derived 7b2945cb4fef70885cc5d78a87bf6f6207dd901ff239201351ffac04e1088a23
2049 hash 5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030
2049 keyed 9f29700902f7c86e514ddc4df1e3049f258b2472b6dd5267f61bf13983b78dd5
2049 derived 2ea477c5515cc3dd606512ee72bb3e0e758cfae7232826f35fb98ca1bcbdf273
3073 hash 7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3
3073 keyed 68dede9bef00ba89e43f31a6825f4cf433389fedae75c04ee9f0cf16a427c95a
3073 derived 72613c9ec9ff7e40f8f5c173784c532ad852e827dba2bf85b2ab4b76f7079081
4097 hash 9b4052b38f1c5fc8b1f9ff7ac7b27cd242487b3d890d15c96a1c25b8aa0fb995
4097 keyed 00df940cd36bb9fa7cbbc3556744e0dbc8191401afe70520ba292ee3ca80abbc
4097 derived aca51029626b55fda7117b42a7c211f8c6e9ba4fe5b7a8ca922f34299500ead8
8192 hash aae792484c8efe4f19e2ca7d371d8c467ffb10748d8a5a1ae579948f718a2a63
8192 keyed dc9637c8845a770b4cbf76b8daec0eebf7dc2eac11498517f08d44c8fc00d58a
8192 derived ad01d7ae4ad059b0d33baa3c01319dcf8088094d0359e5fd45d6aeaa8b2d0c3d
16384 hash f875d6646de28985646f34ee13be9a576fd515f76b5b0a26bb324735041ddde4
16384 keyed 9e9fc4eb7cf081ea7c47d1807790ed211bfec56aa25bb7037784c13c4b707b0d
16384 derived 160e18b5878cd0df1c3af85eb25a0db5344d43a6fbd7a8ef4ed98d0714c3f7e1
31744 hash 62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47
31744 keyed efa53b389ab67c593dba624d898d0f7353ab99e4ac9d42302ee64cbf9939a419
31744 derived 39772aef80e0ebe60596361e45b061e8f417429d529171b6764468c22928e28e
102400 hash bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085
102400 keyed 1c35d1a5811083fd7119f5d5d1ba027b4d01c0c6c49fb6ff2cf75393ea5db4a7
102400 derived 4652cff7a3f385a6103b5c260fc1593e13c778dbe608efb092fe7ee69df6e9c6
VECTORS
same_text 13 ${#files[@]}
for jobs in 1 2; do
    silently poolmap hash -j $jobs "${files[@]}" | diff hash.expected -
    printf %s "$key" | silently poolmap hash -j $jobs --keyed "${files[@]}" | diff keyed.expected -
    silently poolmap hash -j $jobs --derive-key "$context" "${files[@]}" | diff derived.expected -
done
for bytes in "${files[@]}"; do
    cat "$bytes" | silently poolmap hash -j 2 | cmp - <(grep -w "$bytes" hash.expected | sed 's/  .*/  -/')
    cat "$bytes" | silently poolmap hash -j 2 --derive-key "$context" |
        cmp - <(grep -w "$bytes" derived.expected | sed 's/  .*/  -/')
done
# A complete published digest.
long=62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47860cc51f2b0c28a7b77304bd55fe73af663c
long+=02d3f52ea053ba43431ca5bab7bfea2f5e9d7121770d88f70ae9649ea713087d1914f7f312147e247f87eb2d4ffef0ac978b
long+=f7b6579d57d533355aa20b8b77b13fd09748728a5cc327a8ec470f4013226f
silently poolmap hash --length 131 31744 | cmp - <(echo "$long  31744")
