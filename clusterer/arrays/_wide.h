/* Inner loops of the kernels with instructions that not every x86-64 machine has, and in plain C: the same bits.

   Which are taken is asked of the processor when the module is imported; `wide_choose` decides anew. The package is built for
   the least of its platform: only the functions marked so hold such instructions. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WIDE_NEAR 0x0800           /* letters below have an entry in `near`: the folded letter, its class above it */
#define WIDE_ASKS (1u << 30)       /* in an entry: it is not written as it stands; no class of a letter has this bit */
#define WIDE_FIRST 0x0620          /* the letters that are looked up at once, and the space in place of the last */
#define WIDE_COUNT 64
#define WIDE_ARABIC 0x0600
#define WIDE_PAGE 128
#define WIDE_STRANGE 24            /* letters among 64 that are in neither page, beyond which they are looked at one by one */
#define WIDE_UNFOLD 2              /* the letter is written out as several */
#define WIDE_DELETE 1              /* in an entry that asks: the letter is left out */
#define WIDE_FEW 8                 /* letters that are too few to look at 32 for */
#define WIDE_MANY 12               /* letters among 32 that are too many to look at by themselves */
#define WIDE_UNITS 512             /* letters of UTF-8 that are written out at a time */
#define WIDE_ROUNDS 6              /* of a signature, as in `kernels_numpy.sketches` */
#define WIDE_VALUE_BITS 27
#define WIDE_EMPTY 0xFFFFFFFFu     /* a slot into which nothing fell */
#define WIDE_SLOTS 256             /* of a signature that is made with wide instructions, at most */
#define WIDE_FOUND 256             /* members that are held until they are put into their slots */

static const unsigned long long M1 = 0xBF58476D1CE4E5B9ULL, M2 = 0x94D049BB133111EBULL;

static inline uint64_t wide_mix(uint64_t h) {
    h ^= h >> 30;
    h *= M1;
    h ^= h >> 27;
    h *= M2;
    return h ^ (h >> 31);
}

typedef struct {  /* bytes of the entries of these letters; `usable` where each is a letter of the same 256 as these */
    uint8_t code[WIDE_COUNT], low[WIDE_COUNT], high[WIDE_COUNT];
    uint8_t pages[4][2][WIDE_PAGE];  /* byte by byte, the entries of ASCII and of the letters from `WIDE_ARABIC` on */
    const uint16_t *table, *classes;  /* of any letter what it folds to, and of that the class */
    int usable;
} WideTables;

typedef struct {  /* bits of two rows of a bitmap, and those that both have */
    int64_t both, ours, theirs;
} WideBits;

static int wide_ones(uint64_t x) {
    x -= x >> 1 & 0x5555555555555555ULL;
    x = (x & 0x3333333333333333ULL) + (x >> 2 & 0x3333333333333333ULL);
    x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0FULL;
    return (int)(x * 0x0101010101010101ULL >> 56);
}

/* `a` has `large` words, which are laid over one another to the `small` of `b`. */
#define WIDE_BITS(name, ones) \
    static WideBits name(const uint64_t* a, const uint64_t* b, ptrdiff_t small, ptrdiff_t large) { \
        WideBits told = {0, 0, 0}; \
        for (ptrdiff_t j = 0; j < small; j++) { \
            uint64_t x = a[j], y = b[j]; \
            for (ptrdiff_t t = j + small; t < large; t += small) x |= a[t]; \
            told.ours += ones(x); \
            told.theirs += ones(y); \
            told.both += ones(x & y); \
        } \
        return told; \
    }

WIDE_BITS(wide_bits_plain, wide_ones)
static WideBits (*wide_bits)(const uint64_t*, const uint64_t*, ptrdiff_t, ptrdiff_t) = wide_bits_plain;
static int wide_folds = 0;  /* whether `wide_fold` and `wide_fold_utf8` may be called */

/* What `_lanes.h` says; `wide_lanes` numbers lie side by side, and nothing is to be called where that is 0. */
static ptrdiff_t wide_lanes = 0;
static uint64_t (*wide_words)(const uint16_t*, const uint16_t*, const int32_t*, ptrdiff_t, uint64_t*) = 0;
static void (*wide_shingles)(const uint64_t*, ptrdiff_t, const uint64_t*, uint64_t*) = 0;
static void (*wide_signature)(const uint64_t*, ptrdiff_t, const uint64_t*, uint32_t*, ptrdiff_t) = 0;
static ptrdiff_t (*wide_edges)(const uint16_t*, ptrdiff_t, int32_t*, uint64_t*) = 0;
static void (*wide_mixed)(const uint32_t*, ptrdiff_t, const uint64_t*, uint64_t*) = 0;

#if defined(__GNUC__) && defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("popcnt"))) WIDE_BITS(wide_bits_popcnt, __builtin_popcountll)

/* The same eight words at a time; `small` and `large` are powers of two. */
__attribute__((target("avx512f,avx512vpopcntdq"))) static WideBits wide_bits_8(
    const uint64_t* a, const uint64_t* b, ptrdiff_t small, ptrdiff_t large
) {
    __m512i ours = _mm512_setzero_si512(), theirs = ours, both = ours;
    __mmask8 live = small < 8 ? (__mmask8)((1 << small) - 1) : 0xFF;
    for (ptrdiff_t j = 0; j < small; j += 8) {
        __m512i x = _mm512_maskz_loadu_epi64(live, a + j), y = _mm512_maskz_loadu_epi64(live, b + j);
        for (ptrdiff_t t = j + small; t < large; t += small) x = _mm512_or_si512(x, _mm512_maskz_loadu_epi64(live, a + t));
        ours = _mm512_add_epi64(ours, _mm512_popcnt_epi64(x));
        theirs = _mm512_add_epi64(theirs, _mm512_popcnt_epi64(y));
        both = _mm512_add_epi64(both, _mm512_popcnt_epi64(_mm512_and_si512(x, y)));
    }
    return (WideBits){_mm512_reduce_add_epi64(both), _mm512_reduce_add_epi64(ours), _mm512_reduce_add_epi64(theirs)};
}

#define WIDE_LOOK(table, y0, y1, y2, y3) \
    _mm256_or_si256( \
        _mm256_or_si256(_mm256_shuffle_epi8(table[0], y0), _mm256_shuffle_epi8(table[1], y1)), \
        _mm256_or_si256(_mm256_shuffle_epi8(table[2], y2), _mm256_shuffle_epi8(table[3], y3)))

/* Entries of letters, 32 at a time, until one is not written as it stands or has no entry;
   what is deleted is left out. Gives how many letters were read, and how many entries are written. */
__attribute__((target("avx2,popcnt"))) static ptrdiff_t wide_fold_4(
    const uint16_t* letters, ptrdiff_t length, const WideTables* tables, const uint32_t* near, uint16_t* codes, uint16_t* kinds,
    ptrdiff_t* written
) {
    const __m256i first = _mm256_set1_epi16(WIDE_FIRST), last = _mm256_set1_epi16(WIDE_COUNT - 2);
    const __m256i inside = _mm256_set1_epi16(WIDE_COUNT - 1);
    const __m256i space = _mm256_set1_epi16(0x20), none = _mm256_setzero_si256(), part = _mm256_set1_epi8(16);
    const __m256i edge = _mm256_set1_epi8(0x70), final = _mm256_set1_epi8(WIDE_COUNT - 1);
    const __m256i above = _mm256_set1_epi8(WIDE_FIRST >> 8);
    __m256i code[4], low[4], high[4];
    for (int j = 0; j < 4; j++) {
        code[j] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i*)(tables->code + 16 * j)));
        low[j] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i*)(tables->low + 16 * j)));
        high[j] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i*)(tables->high + 16 * j)));
    }
    ptrdiff_t i = 0, m = 0;
    while (i + 32 <= length) {
        __m256i v = _mm256_loadu_si256((const __m256i*)(letters + i));
        __m256i w = _mm256_loadu_si256((const __m256i*)(letters + i + 16));
        __m256i blank = _mm256_packs_epi16(_mm256_cmpeq_epi16(v, space), _mm256_cmpeq_epi16(w, space));
        v = _mm256_sub_epi16(v, first);
        w = _mm256_sub_epi16(w, first);
        __m256i there = _mm256_packs_epi16(
            _mm256_cmpeq_epi16(_mm256_subs_epu16(v, last), none), _mm256_cmpeq_epi16(_mm256_subs_epu16(w, last), none));
        there = _mm256_or_si256(there, blank);
        /* what is not there gives bytes that are written over; a space looks up the last place */
        __m256i y0 = _mm256_packus_epi16(_mm256_and_si256(v, inside), _mm256_and_si256(w, inside));
        y0 = _mm256_or_si256(y0, _mm256_and_si256(blank, final));
        __m256i y1 = _mm256_sub_epi8(y0, part), y2 = _mm256_sub_epi8(y1, part), y3 = _mm256_sub_epi8(y2, part);
        y0 = _mm256_adds_epu8(y0, edge);  /* a byte from 0x80 on looks up 0 */
        y1 = _mm256_adds_epu8(y1, edge);
        y2 = _mm256_adds_epu8(y2, edge);
        y3 = _mm256_adds_epu8(y3, edge);
        __m256i c = WIDE_LOOK(code, y0, y1, y2, y3), l = WIDE_LOOK(low, y0, y1, y2, y3), h = WIDE_LOOK(high, y0, y1, y2, y3);
        __m256i page = _mm256_andnot_si256(blank, above);
        unsigned int asks = (unsigned int)_mm256_movemask_epi8(_mm256_slli_epi16(h, 1));  /* bit 6, that of `WIDE_ASKS` */
        unsigned int other = ~((unsigned int)_mm256_movemask_epi8(there) & ~asks);
        /* the halves of both registers lie between one another */
        other = (other & 0xFF0000FFu) | (other & 0xFF00u) << 8 | (other >> 8 & 0xFF00u);
        if (__builtin_popcount(other) > WIDE_MANY) break;
        _mm256_storeu_si256((__m256i*)(codes + m), _mm256_unpacklo_epi8(c, page));
        _mm256_storeu_si256((__m256i*)(codes + m + 16), _mm256_unpackhi_epi8(c, page));
        _mm256_storeu_si256((__m256i*)(kinds + m), _mm256_unpacklo_epi8(l, h));
        _mm256_storeu_si256((__m256i*)(kinds + m + 16), _mm256_unpackhi_epi8(l, h));
        /* two of the others at once, or any in their place: whether there are some is a coin's toss */
        unsigned int left = other & (other - 1);
        int at = __builtin_ctz(other | 1u << 31), next = __builtin_ctz(left | 1u << 31);
        unsigned int one = letters[i + at], two = letters[i + next];
        uint32_t entry = near[one & (WIDE_NEAR - 1)], more = near[two & (WIDE_NEAR - 1)];
        if ((one | two) < WIDE_NEAR && !((entry | more) & WIDE_ASKS)) {
            codes[m + at] = (uint16_t)entry;
            kinds[m + at] = (uint16_t)(entry >> 16);
            codes[m + next] = (uint16_t)more;
            kinds[m + next] = (uint16_t)(more >> 16);
            other = left & (left - 1);
        }
        for (at = 32; other; other &= other - 1) {
            int place = __builtin_ctz(other);
            entry = letters[i + place] < WIDE_NEAR ? near[letters[i + place]] : WIDE_ASKS;
            if (entry & WIDE_ASKS) {
                at = place;
                break;
            }
            codes[m + place] = (uint16_t)entry;
            kinds[m + place] = (uint16_t)(entry >> 16);
        }
        i += at;
        m += at;
        if (at < 32) {
            if (at < WIDE_FEW || (entry & 0xFFFF) != WIDE_DELETE) break;
            i++;
        }
    }
    *written = m;
    return i;
}

#define WIDE_VBMI __attribute__((target("avx2,avx512f,avx512dq,avx512vl,avx512bw,avx512vbmi,avx512vbmi2,popcnt")))

/* The same 64 at a time, until one is to be written out or too many are rare. */
WIDE_VBMI static ptrdiff_t wide_fold_8(
    const uint16_t* letters, ptrdiff_t length, const WideTables* tables, const uint32_t* near, uint16_t* codes, uint16_t* kinds,
    ptrdiff_t* written
) {
    const __m512i inside = _mm512_set1_epi16(WIDE_PAGE - 1);
    __m512i pages[4][2][2];
    ptrdiff_t i = 0, m = 0;
    int stopped = 0;
    (void)near;
    for (int j = 0; j < 4; j++) {
        for (int page = 0; page < 2; page++) {
            pages[j][page][0] = _mm512_loadu_si512(tables->pages[j][page]);
            pages[j][page][1] = _mm512_loadu_si512(tables->pages[j][page] + 64);
        }
    }
    while (i < length && !stopped) {
        ptrdiff_t count = length - i < 64 ? length - i : 64;
        uint64_t live = count < 64 ? ((uint64_t)1 << count) - 1 : ~(uint64_t)0, kept, other, known, asks;
        __m512i v = _mm512_maskz_loadu_epi16((__mmask32)live, letters + i);
        __m512i w = _mm512_maskz_loadu_epi16((__mmask32)(live >> 32), letters + i + 32);
        /* Bytes of both lie by turns, eight of the one and eight of the other, until they are numbers of 16 bits again. */
        __m512i place = _mm512_packus_epi16(_mm512_and_si512(v, inside), _mm512_and_si512(w, inside));
        __m512i entry[4], code[2], kind[2], page;
        __mmask64 arabic;
        v = _mm512_srli_epi16(v, 7);
        w = _mm512_srli_epi16(w, 7);
        page = _mm512_packus_epi16(v, w);
        arabic = _mm512_cmpeq_epi8_mask(page, _mm512_set1_epi8(WIDE_ARABIC / WIDE_PAGE));
        for (int j = 0; j < 4; j++) {
            entry[j] = _mm512_mask_blend_epi8(
                arabic, _mm512_permutex2var_epi8(pages[j][0][0], place, pages[j][0][1]),
                _mm512_permutex2var_epi8(pages[j][1][0], place, pages[j][1][1]));
        }
        code[0] = _mm512_unpacklo_epi8(entry[0], entry[1]);
        code[1] = _mm512_unpackhi_epi8(entry[0], entry[1]);
        kind[0] = _mm512_unpacklo_epi8(entry[2], entry[3]);
        kind[1] = _mm512_unpackhi_epi8(entry[2], entry[3]);
        known = arabic | _mm512_testn_epi8_mask(page, page);
        if (!(~known | _mm512_test_epi8_mask(entry[3], _mm512_set1_epi8(WIDE_ASKS >> 24)))) {  /* as mostly */
            for (int j = 0; j < 2; j++) {
                _mm512_storeu_si512(codes + m + 32 * j, code[j]);
                _mm512_storeu_si512(kinds + m + 32 * j, kind[j]);
            }
            m += count;
            i += count;
            continue;
        }
        known = 0;
        asks = 0;
        kept = 0;
        for (int j = 0; j < 2; j++) {
            __m512i of = j ? w : v;
            known |= (uint64_t)(_mm512_cmpeq_epi16_mask(of, _mm512_set1_epi16(WIDE_ARABIC / WIDE_PAGE)) |
                                _mm512_testn_epi16_mask(of, of)) << 32 * j;
            asks |= (uint64_t)_mm512_test_epi16_mask(kind[j], _mm512_set1_epi16(WIDE_ASKS >> 16)) << 32 * j;
            kept |= (uint64_t)_mm512_cmpneq_epi16_mask(code[j], _mm512_set1_epi16(WIDE_DELETE)) << 32 * j;
        }
        asks &= known & live;
        kept = live & ~(asks & ~kept);
        other = live & (~known | (asks & kept));
        if (other) {
            uint16_t all_codes[64], all_kinds[64];
            if (__builtin_popcountll(other) > WIDE_STRANGE) break;
            memcpy(all_codes, code, sizeof(code));
            memcpy(all_kinds, kind, sizeof(kind));
            for (; other; other &= other - 1) {
                int at = __builtin_ctzll(other);
                uint16_t folded = tables->table[letters[i + at]];
                if (folded == WIDE_UNFOLD) {
                    stopped = 1;
                    count = at;
                    kept &= ((uint64_t)1 << at) - 1;
                    break;
                }
                if (folded == WIDE_DELETE) kept &= ~((uint64_t)1 << at);
                all_codes[at] = folded;
                all_kinds[at] = tables->classes[folded];
            }
            memcpy(code, all_codes, sizeof(code));
            memcpy(kind, all_kinds, sizeof(kind));
        }
        for (int j = 0; j < 2; j++, kept >>= 32) {
            _mm512_storeu_si512(codes + m, _mm512_maskz_compress_epi16((__mmask32)kept, code[j]));
            _mm512_storeu_si512(kinds + m, _mm512_maskz_compress_epi16((__mmask32)kept, kind[j]));
            m += __builtin_popcount((uint32_t)kept);
        }
        i += count;
    }
    *written = m;
    return i;
}

static ptrdiff_t (*wide_fold)(
    const uint16_t*, ptrdiff_t, const WideTables*, const uint32_t*, uint16_t*, uint16_t*, ptrdiff_t*) = wide_fold_4;

static uint8_t wide_pressed[256][16];  /* by mask: moves the numbers of two bytes that have a bit in it to the front */

/* `wide_fold` of letters of one or two bytes of UTF-8; gives how many bytes were read. */
__attribute__((target("avx2,popcnt"))) static ptrdiff_t wide_fold_utf8(
    const uint8_t* bytes, ptrdiff_t length, const WideTables* tables, const uint32_t* near, uint16_t* codes, uint16_t* kinds,
    ptrdiff_t* written
) {
    const __m128i none = _mm_setzero_si128(), longer = _mm_set1_epi8((char)0xE0), ascii = _mm_set1_epi16(0x7F);
    const __m128i five = _mm_set1_epi16(0x1F), six = _mm_set1_epi16(0x3F);
    uint16_t units[WIDE_UNITS];
    ptrdiff_t i = 0, m = 0, found, count, more;
    do {
        ptrdiff_t place = i;
        count = 0;
        while (count <= WIDE_UNITS - 16 && place + 16 <= length) {
            __m128i v = _mm_loadu_si128((const __m128i*)(bytes + place));
            if (_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(v, longer), v))) break;
            unsigned int kept = 0xFFFF & ~(unsigned int)_mm_movemask_epi8(_mm_and_si128(v, _mm_slli_epi16(v, 1)));
            __m128i before = place > i ? _mm_loadu_si128((const __m128i*)(bytes + place - 1)) : _mm_slli_si128(v, 1);
            __m128i low = _mm_unpacklo_epi8(v, none), high = _mm_unpackhi_epi8(v, none);
            __m128i low_lead = _mm_slli_epi16(_mm_and_si128(_mm_unpacklo_epi8(before, none), five), 6);
            __m128i high_lead = _mm_slli_epi16(_mm_and_si128(_mm_unpackhi_epi8(before, none), five), 6);
            low_lead = _mm_or_si128(low_lead, _mm_and_si128(low, six));
            high_lead = _mm_or_si128(high_lead, _mm_and_si128(high, six));
            low = _mm_blendv_epi8(low, low_lead, _mm_cmpgt_epi16(low, ascii));
            high = _mm_blendv_epi8(high, high_lead, _mm_cmpgt_epi16(high, ascii));
            low = _mm_shuffle_epi8(low, _mm_loadu_si128((const __m128i*)wide_pressed[kept & 0xFF]));
            high = _mm_shuffle_epi8(high, _mm_loadu_si128((const __m128i*)wide_pressed[kept >> 8]));
            _mm_storeu_si128((__m128i*)(units + count), low);
            _mm_storeu_si128((__m128i*)(units + count + __builtin_popcount(kept & 0xFF)), high);
            count += __builtin_popcount(kept);
            place += 16;
        }
        found = wide_fold(units, count, tables, near, codes + m, kinds + m, &more);
        m += more;
        i += found;
        for (ptrdiff_t j = 0; j < found; j++) i += units[j] > 0x7F;
    } while (found && found + 32 > count);
    *written = m;
    return i;
}

static uint32_t wide_moves[16][8];  /* by mask: moves the numbers, as halves, that have a bit in it to the front */
static uint64_t wide_bytes[256];  /* by mask: the places of its bits, a byte each */

/* Four numbers side by side. */
#define LANES 4
#define V __m256i
#define TARGET __attribute__((target("avx2,popcnt")))
#define NAME(name) wide_##name##_4
#define V_SET(x) _mm256_set1_epi64x((int64_t)(x))
#define V_LOAD(at) _mm256_loadu_si256((const __m256i*)(at))
#define V_STORE(at, x) _mm256_storeu_si256((__m256i*)(at), x)
#define V_AND _mm256_and_si256
#define V_ANDNOT _mm256_andnot_si256
#define V_OR _mm256_or_si256
#define V_XOR _mm256_xor_si256
#define V_ADD _mm256_add_epi64
#define V_SUB _mm256_sub_epi64
#define V_MUL(x, factor) wide_product(x, V_SET(factor), V_SET((factor) >> 32 | (factor) << 32))
#define V_TIMES(x, y) wide_product(x, y, _mm256_shuffle_epi32(y, 0xB1))
#define V_WIDEN(at) _mm256_cvtepu32_epi64(_mm_loadu_si128((const __m128i*)(at)))
#define V_MUL_HALVES _mm256_mul_epu32
#define V_MIN_HALVES _mm256_min_epu32
#define V_BLEND_HALVES(low, high) _mm256_blend_epi32(low, high, 0xAA)
#define V_SLL _mm256_slli_epi64
#define V_SRL _mm256_srli_epi64
#define V_SLLV _mm256_sllv_epi64
#define V_SRLV _mm256_srlv_epi64
#define V_ZERO(x) (unsigned int)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(x, _mm256_setzero_si256())))
#define V_AMONG wide_among_4
#define V_PRESS(bits, x) _mm256_permutevar8x32_epi32(x, V_LOAD(wide_moves[bits]))

/* Numbers of 64 bits times a factor; `swapped` is that with its halves swapped. */
TARGET static inline V wide_product(V x, V factor, V swapped) {
    V crossed = _mm256_mullo_epi32(x, swapped);
    crossed = V_ADD(crossed, V_SRL(crossed, 32));
    return V_ADD(_mm256_mul_epu32(x, factor), V_SLL(crossed, 32));
}

/* Bits of `set`, of 256, at places. */
TARGET static inline int wide_among_4(const uint64_t* set, V places) {
    V found = _mm256_permutevar8x32_epi32(V_LOAD(set), V_SRL(places, 5));
    found = V_SLLV(found, V_SUB(V_SET(63), V_AND(places, V_SET(31))));
    return _mm256_movemask_pd(_mm256_castsi256_pd(found));
}

#define WIDE_TWO(base, a, b) \
    _mm256_inserti128_si256( \
        _mm256_castsi128_si256(_mm_loadu_si128((const __m128i*)((base) + (a)))), _mm_loadu_si128((const __m128i*)((base) + (b))), 1)

TARGET static inline void NAME(letters)(const uint16_t* codes, const int32_t* edges, V* first, V* next) {
    V even = WIDE_TWO(codes, edges[0], edges[4]), odd = WIDE_TWO(codes, edges[2], edges[6]);
    *first = _mm256_unpacklo_epi64(even, odd);
    *next = _mm256_unpackhi_epi64(even, odd);
}

TARGET static inline uint64_t NAME(unset)(const uint32_t* slots) {
    uint64_t bits = 0;
    for (int j = 0; j < 64; j += 8) {
        V empty = _mm256_cmpeq_epi32(V_LOAD(slots + j), _mm256_set1_epi32(-1));
        bits |= (uint64_t)(unsigned int)_mm256_movemask_ps(_mm256_castsi256_ps(empty)) << j;
    }
    return bits;
}

TARGET static inline uint64_t NAME(inside)(const uint16_t* codes, uint64_t* signs) {
    const V last = _mm256_set1_epi16(0x20), sign = _mm256_set1_epi16(0x1F), none = _mm256_setzero_si256();
    uint64_t ends = 0;
    *signs = 0;
    for (int j = 0; j < 64; j += 32) {
        V x = V_LOAD(codes + j), y = V_LOAD(codes + j + 16);
        V low = _mm256_cmpeq_epi16(_mm256_subs_epu16(x, last), none), high = _mm256_cmpeq_epi16(_mm256_subs_epu16(y, last), none);
        V both = _mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xD8);  /* the halves lie between one another */
        ends |= (uint64_t)(uint32_t)_mm256_movemask_epi8(both) << j;
        low = _mm256_cmpeq_epi16(_mm256_subs_epu16(x, sign), none);
        high = _mm256_cmpeq_epi16(_mm256_subs_epu16(y, sign), none);
        both = _mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xD8);
        *signs |= (uint64_t)(uint32_t)_mm256_movemask_epi8(both) << j;
    }
    return ~ends;
}

TARGET static inline uint64_t NAME(picked)(uint64_t bits, uint64_t which) {
    uint64_t picked = 0;
    for (bits &= which; bits; bits &= bits - 1) {
        picked |= (uint64_t)1 << __builtin_popcountll(which & ((bits & -bits) - 1));
    }
    return picked;
}

TARGET static inline ptrdiff_t NAME(places)(uint64_t bits, int32_t first, int32_t* out) {
    ptrdiff_t count = 0;
    for (; bits; bits >>= 8, first += 8) {
        V places = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)wide_bytes[bits & 0xFF]));
        V_STORE(out + count, _mm256_add_epi32(places, _mm256_set1_epi32(first)));
        count += __builtin_popcountll(bits & 0xFF);
    }
    return count;
}

#include "_lanes.h"

/* Eight. */
#define LANES 8
#define V __m512i
#define TARGET __attribute__((target("avx2,avx512f,avx512dq,avx512vl,avx512bw,bmi2,popcnt")))
#define NAME(name) wide_##name##_8
#define V_SET(x) _mm512_set1_epi64((int64_t)(x))
#define V_LOAD(at) _mm512_loadu_si512(at)
#define V_STORE(at, x) _mm512_storeu_si512(at, x)
#define V_AND _mm512_and_si512
#define V_ANDNOT _mm512_andnot_si512
#define V_OR _mm512_or_si512
#define V_XOR _mm512_xor_si512
#define V_ADD _mm512_add_epi64
#define V_SUB _mm512_sub_epi64
#define V_MUL(x, factor) _mm512_mullo_epi64(x, V_SET(factor))
#define V_TIMES _mm512_mullo_epi64
#define V_WIDEN(at) _mm512_cvtepu32_epi64(_mm256_loadu_si256((const __m256i*)(at)))
#define V_MUL_HALVES _mm512_mul_epu32
#define V_MIN_HALVES _mm512_min_epu32
#define V_BLEND_HALVES(low, high) _mm512_mask_blend_epi32(0xAAAA, low, high)
#define V_SLL _mm512_slli_epi64
#define V_SRL _mm512_srli_epi64
#define V_SLLV _mm512_sllv_epi64
#define V_SRLV _mm512_srlv_epi64
#define V_ZERO(x) (unsigned int)_mm512_testn_epi64_mask(x, x)
#define V_AMONG wide_among_8
#define V_PRESS(bits, x) _mm512_maskz_compress_epi64((__mmask8)(bits), x)

TARGET static inline int wide_among_8(const uint64_t* set, V places) {
    V sets = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i*)set));
    V found = _mm512_permutexvar_epi64(V_SRL(places, 6), sets);
    return _mm512_movepi64_mask(V_SLLV(found, V_SUB(V_SET(63), V_AND(places, V_SET(63)))));
}

TARGET static inline void NAME(letters)(const uint16_t* codes, const int32_t* edges, V* first, V* next) {
    V even = _mm512_inserti64x4(
        _mm512_castsi256_si512(WIDE_TWO(codes, edges[0], edges[4])), WIDE_TWO(codes, edges[8], edges[12]), 1);
    V odd = _mm512_inserti64x4(
        _mm512_castsi256_si512(WIDE_TWO(codes, edges[2], edges[6])), WIDE_TWO(codes, edges[10], edges[14]), 1);
    *first = _mm512_unpacklo_epi64(even, odd);
    *next = _mm512_unpackhi_epi64(even, odd);
}

TARGET static inline uint64_t NAME(unset)(const uint32_t* slots) {
    uint64_t bits = 0;
    for (int j = 0; j < 64; j += 16) {
        bits |= (uint64_t)_mm512_cmpeq_epi32_mask(V_LOAD(slots + j), _mm512_set1_epi32(-1)) << j;
    }
    return bits;
}

TARGET static inline uint64_t NAME(inside)(const uint16_t* codes, uint64_t* signs) {
    const V space = _mm512_set1_epi16(0x20), x = V_LOAD(codes), y = V_LOAD(codes + 32);
    *signs = _mm512_cmplt_epu16_mask(x, space) | (uint64_t)_mm512_cmplt_epu16_mask(y, space) << 32;
    return _mm512_cmpgt_epu16_mask(x, space) | (uint64_t)_mm512_cmpgt_epu16_mask(y, space) << 32;
}

TARGET static inline uint64_t NAME(picked)(uint64_t bits, uint64_t which) {
    return _pext_u64(bits, which);
}

TARGET static inline ptrdiff_t NAME(places)(uint64_t bits, int32_t first, int32_t* out) {
    const V apart = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    ptrdiff_t count = 0;
    for (; bits; bits >>= 16, first += 16) {
        V places = _mm512_add_epi32(apart, _mm512_set1_epi32(first));
        V_STORE(out + count, _mm512_maskz_compress_epi32((__mmask16)bits, places));
        count += __builtin_popcountll(bits & 0xFFFF);
    }
    return count;
}

#include "_lanes.h"

/* `most`: 0 for no such instructions, 1 for those on 32 bytes at most, 2 for those on 64 too. Gives which are taken, as bits. */
static int wide_choose(int most) {
    __builtin_cpu_init();
    int counts = most > 0 && __builtin_cpu_supports("popcnt"), eight;
    wide_folds = counts && __builtin_cpu_supports("avx2");
    /* The first that have the last of these run at full speed with registers of 64 bytes; those before did not. */
    eight = wide_folds && most > 1 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi") &&
            __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi2");
    wide_bits = eight && __builtin_cpu_supports("avx512vpopcntdq") ? wide_bits_8 : counts ? wide_bits_popcnt : wide_bits_plain;
    wide_fold = eight ? wide_fold_8 : wide_fold_4;
    wide_lanes = eight ? 8 : wide_folds ? 4 : 0;
    wide_words = eight ? wide_words_8 : wide_words_4;
    wide_shingles = eight ? wide_shingles_8 : wide_shingles_4;
    wide_signature = eight ? wide_signature_8 : wide_signature_4;
    wide_edges = eight ? wide_edges_8 : wide_edges_4;
    wide_mixed = eight ? wide_mixed_8 : wide_mixed_4;
    for (int mask = 0; mask < 256; mask++) {
        wide_bytes[mask] = 0;
        for (int j = 0, to = 0; j < 8; j++) {
            if (!(mask >> j & 1)) continue;
            wide_bytes[mask] |= (uint64_t)j << 4 * to;
            if (mask < 16) {
                wide_moves[mask][to] = (uint32_t)(2 * j);
                wide_moves[mask][to + 1] = (uint32_t)(2 * j + 1);
            }
            wide_pressed[mask][to++] = (uint8_t)(2 * j);
            wide_pressed[mask][to++] = (uint8_t)(2 * j + 1);
        }
    }
    return counts | wide_folds << 1 | eight << 2;
}
#else
static ptrdiff_t wide_fold(
    const uint16_t* letters, ptrdiff_t length, const WideTables* tables, const uint32_t* near, uint16_t* codes, uint16_t* kinds,
    ptrdiff_t* written
) {
    (void)letters; (void)length; (void)tables; (void)near; (void)codes; (void)kinds;
    return *written = 0;
}

static ptrdiff_t wide_fold_utf8(
    const uint8_t* bytes, ptrdiff_t length, const WideTables* tables, const uint32_t* near, uint16_t* codes, uint16_t* kinds,
    ptrdiff_t* written
) {
    (void)bytes;
    return wide_fold((const uint16_t*)0, length, tables, near, codes, kinds, written);
}

static int wide_choose(int most) {
    (void)most;
    return 0;
}
#endif

static void wide_fill(WideTables* tables, const uint32_t* near, const uint16_t* table, const uint16_t* classes) {
    tables->usable = wide_folds;
    tables->table = table;
    tables->classes = classes;
    for (int j = 0; j < 4; j++) {
        for (int letter = 0; letter < WIDE_PAGE; letter++) {
            tables->pages[j][0][letter] = (uint8_t)(near[letter] >> 8 * j);
            tables->pages[j][1][letter] = (uint8_t)(near[WIDE_ARABIC + letter] >> 8 * j);
        }
    }
    for (int j = 0; j < WIDE_COUNT; j++) {
        uint32_t entry = near[j == WIDE_COUNT - 1 ? 0x20 : WIDE_FIRST + j];
        uint32_t page = j == WIDE_COUNT - 1 ? 0 : WIDE_FIRST >> 8;
        if (!(entry & WIDE_ASKS) && (entry >> 8 & 0xFF) != page) entry |= WIDE_ASKS;  /* looked at by itself */
        tables->code[j] = (uint8_t)entry;
        tables->low[j] = (uint8_t)(entry >> 16);
        tables->high[j] = (uint8_t)(entry >> 24);
    }
}
