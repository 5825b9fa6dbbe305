/* Inner loops of the kernels with instructions that not every x86-64 machine has, and in plain C: the same bits.

   Which are taken is asked of the processor when the module is imported; `wide_choose` decides anew. The package is built for
   the least of its platform: only the functions marked so hold such instructions. */
#include <stddef.h>
#include <stdint.h>

#define WIDE_NEAR 0x0800           /* letters below have an entry in `near`: the folded letter, its class above it */
#define WIDE_ASKS (1u << 30)       /* in an entry: it is not written as it stands; no class of a letter has this bit */
#define WIDE_FIRST 0x0620          /* the letters that are looked up at once, and the space in place of the last */
#define WIDE_COUNT 64
#define WIDE_DELETE 1              /* in an entry that asks: the letter is left out */
#define WIDE_FEW 8                 /* letters that are too few to look at 32 for */
#define WIDE_MANY 12               /* letters among 32 that are too many to look at by themselves */
#define WIDE_UNITS 512             /* letters of UTF-8 that are written out at a time */

typedef struct {  /* bytes of the entries of these letters; `usable` where each is a letter of the same 256 as these */
    uint8_t code[WIDE_COUNT], low[WIDE_COUNT], high[WIDE_COUNT];
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

#if defined(__GNUC__) && defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("popcnt"))) WIDE_BITS(wide_bits_popcnt, __builtin_popcountll)

#define WIDE_LOOK(table, y0, y1, y2, y3) \
    _mm256_or_si256( \
        _mm256_or_si256(_mm256_shuffle_epi8(table[0], y0), _mm256_shuffle_epi8(table[1], y1)), \
        _mm256_or_si256(_mm256_shuffle_epi8(table[2], y2), _mm256_shuffle_epi8(table[3], y3)))

/* Entries of letters, 32 at a time, until one is not written as it stands or has no entry;
   what is deleted is left out. Gives how many letters were read, and how many entries are written. */
__attribute__((target("avx2,popcnt"))) static ptrdiff_t wide_fold(
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

static int wide_choose(int wide) {
    __builtin_cpu_init();
    int counts = wide && __builtin_cpu_supports("popcnt");
    wide_bits = counts ? wide_bits_popcnt : wide_bits_plain;
    wide_folds = counts && __builtin_cpu_supports("avx2");
    for (int mask = 0; mask < 256; mask++) {
        for (int j = 0, to = 0; j < 8; j++) {
            if (!(mask >> j & 1)) continue;
            wide_pressed[mask][to++] = (uint8_t)(2 * j);
            wide_pressed[mask][to++] = (uint8_t)(2 * j + 1);
        }
    }
    return counts | wide_folds << 1;
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

static int wide_choose(int wide) {
    (void)wide;
    return 0;
}
#endif

static void wide_fill(WideTables* tables, const uint32_t* near) {
    tables->usable = wide_folds;
    for (int j = 0; j < WIDE_COUNT; j++) {
        uint32_t entry = near[j == WIDE_COUNT - 1 ? 0x20 : WIDE_FIRST + j];
        uint32_t page = j == WIDE_COUNT - 1 ? 0 : WIDE_FIRST >> 8;
        if (!(entry & WIDE_ASKS) && (entry >> 8 & 0xFF) != page) entry |= WIDE_ASKS;  /* looked at by itself */
        tables->code[j] = (uint8_t)entry;
        tables->low[j] = (uint8_t)(entry >> 16);
        tables->high[j] = (uint8_t)(entry >> 24);
    }
}
