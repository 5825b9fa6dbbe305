# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The hot loops, compiled. Every function has a twin in `clusterer.arrays.kernels_numpy`, which gives the same bits.

Takes arrays, gives arrays, knows no settings, and holds no lock while it works, so that threads run side by side.
Callers check shapes and types; nothing is checked here. What each computes is said in its twin.

Array letters: `n` articles or sets, `w` words, `s` members, `k` slots, `m` pairs.
"""

cimport cython
from libc.math cimport sqrt
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, qsort, realloc
from libc.string cimport memchr, memcmp, memcpy, memmove, memset

import numpy as np

REVISION = 20  # raised with every change of what a function takes or gives, here and in `kernels`

cdef extern from "Python.h":
    int PyUnicode_KIND(object)
    void* PyUnicode_DATA(object)
    Py_ssize_t PyUnicode_GET_LENGTH(object)

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define fetch_early(address) __builtin_prefetch(address)
    #define low_zeros(number) __builtin_ctzll(number)
    #define ones(number) __builtin_popcount(number)
    #else
    #define fetch_early(address) ((void)(address))
    static int low_zeros(unsigned long long number) {
        int count = 0;
        for (; !(number & 1); number >>= 1) count++;
        return count;
    }
    static int ones(unsigned int number) {
        int count = 0;
        for (; number; number &= number - 1) count++;
        return count;
    }
    #endif
    static const unsigned long long GAMMA = 0x9E3779B97F4A7C15ULL;
    static const unsigned long long MASKS[5] = {  // of so many letters of four
        0, 0xFFFFULL, 0xFFFFFFFFULL, 0xFFFFFFFFFFFFULL, 0xFFFFFFFFFFFFFFFFULL
    };
    static const unsigned char OPENS[0x21] = {[0x0A] = 3, [4] = 2};  // what follows a separator: a line, a sentence
    static const unsigned long long ONE_EACH = 0x0101010101010101ULL;
    #if defined(__SSE2__) || defined(_M_X64)
    #include <emmintrin.h>
    static inline unsigned long long letters_among(const unsigned short* codes) {
        unsigned long long bits = 0;
        __m128i last = _mm_set1_epi16(0x20), none = _mm_setzero_si128();
        for (int i = 0; i < 64; i += 16) {
            __m128i low = _mm_subs_epu16(_mm_loadu_si128((const __m128i*)(codes + i)), last);
            __m128i high = _mm_subs_epu16(_mm_loadu_si128((const __m128i*)(codes + i + 8)), last);
            __m128i ends = _mm_packs_epi16(_mm_cmpeq_epi16(low, none), _mm_cmpeq_epi16(high, none));
            bits |= (unsigned long long)(unsigned int)_mm_movemask_epi8(ends) << i;
        }
        return ~bits;
    }
    #else
    static inline unsigned long long letters_among(const unsigned short* codes) {
        unsigned long long bits = 0;
        for (int i = 0; i < 64; i++) bits |= (unsigned long long)(codes[i] > 0x20) << i;
        return bits;
    }
    #endif
    """
    const uint64_t GAMMA, ONE_EACH
    const uint64_t MASKS[5]
    const uint8_t OPENS[0x21]
    uint64_t letters_among(const uint16_t* codes) nogil  # bit j is set where code j of 64 is one of a word
    void fetch_early(const void* address) nogil
    int low_zeros(uint64_t number) nogil  # number is not 0
    int ones(uint32_t number) nogil

cdef extern from "_wide.h":
    const uint64_t M1, M2
    enum:
        ROUNDS "WIDE_ROUNDS"
        VALUE_BITS "WIDE_VALUE_BITS"
        SLOTS_AT_ONCE "WIDE_SLOTS"
    ctypedef struct WideTables:
        int usable
    ctypedef struct WideBits:
        int64_t both, ours, theirs
    int wide_choose(int most)
    void wide_fill(WideTables* tables, const uint32_t* near, const uint16_t* table, const uint16_t* classes) nogil
    Py_ssize_t wide_fold(
        const uint16_t* letters, Py_ssize_t length, const WideTables* tables, const uint32_t* near, uint16_t* codes,
        uint16_t* kinds, Py_ssize_t* written
    ) nogil
    Py_ssize_t wide_fold_utf8(
        const uint8_t* letters, Py_ssize_t length, const WideTables* tables, const uint32_t* near, uint16_t* codes,
        uint16_t* kinds, Py_ssize_t* written
    ) nogil
    WideBits wide_bits(const uint64_t* a, const uint64_t* b, Py_ssize_t small, Py_ssize_t large) nogil
    uint64_t mix "wide_mix"(uint64_t number) nogil
    Py_ssize_t wide_lanes  # 0 where what follows may not be called
    uint64_t wide_words(
        const uint16_t* codes, const uint16_t* kinds, const int32_t* edges, Py_ssize_t count, uint64_t* out
    ) nogil
    void wide_shingles(const uint64_t* members, Py_ssize_t count, const uint64_t* factors, uint64_t* out) nogil
    void wide_signature(
        const uint64_t* members, Py_ssize_t count, const uint64_t* salts, uint32_t* out, Py_ssize_t k
    ) nogil
    Py_ssize_t wide_edges(const uint16_t* codes, Py_ssize_t length, int32_t* edges, uint64_t* apart) nogil
    void wide_mixed(const uint32_t* slots, Py_ssize_t count, const uint64_t* factors, uint64_t* out) nogil

cdef enum:
    AHEAD = 16
    KEYS_AT_ONCE = 8  # of a band: as many as a cache line holds
    BITMAP_SHIFT = 20
    CROWDED = 8
    UTF8 = 0  # a width of letters beside those of Python's strings
    NEAR = 0x0800  # letters below are Latin, Greek, Cyrillic, Hebrew and Arabic
    FOUR = 4  # letters read at a time
    AT_ONCE = 32  # where the machine can
    LONGEST_PAUSE = 1024  # letters until that is tried again
    ASKS = 1 << 30  # in an entry: what is not written as it stands; no class of a letter has this bit
    READ = 64  # letters looked at for edges of words at a time
    WORDS = 64  # hashed at a time, at most
    LANES = 8  # of them side by side, at most
    SPACE = 0x20
    NEWLINE = 0x0A
    DELETE = 1
    UNFOLD = 2
    COMMA = 3
    STOP = 4
    WAW = 0x0648
    STEM_LETTERS = 3
    LONGEST_STEM = 64
    NAME_LETTERS = 4
    ALEF = 0x0627
    LAM = 0x0644

cdef enum:
    UNKNOWN = 0  # kinds of words, as in `kernels_numpy.facts`
    COMMON = 1
    NAME = 2
    NEUTRAL = 3
    NUMBER = 4
    DATE = 5
    USUAL = 6
    OPPOSITE = 7
    MARKER = 8
    NEGATION = 9
    NAME_BITS = 14
    MONTHS = 16
    CLITIC_CLASSES = 0x300
    ARTICLE = 0x200
    FORM_CLASSES = 0xF12
    LETTERS = 3
    ELSEWHERE = 4
    NEARLY = 4
    PLACE = 3
    LONE = 1
    HALF = 2
    DENIED = 2
    ARABIC = 0x8000
    UNSURE = 1
    SLOT = 8  # words that the slot of a form holds at most
    PIECES = 3
    EDITS = 96  # words that an alignment may put in or leave out, as in `kernels_numpy.facts`

CONSTANTS = {  # said in NumPy too: a test holds both equal
    "SPACE": SPACE, "NEWLINE": NEWLINE, "DELETE": DELETE, "UNFOLD": UNFOLD, "STEM_LETTERS": STEM_LETTERS,
    "LONGEST_STEM": LONGEST_STEM, "NAME_LETTERS": NAME_LETTERS, "ALEF": ALEF, "LAM": LAM,
    "VALUE_BITS": VALUE_BITS, "ROUNDS": ROUNDS, "ARABIC": ARABIC, "UNSURE": UNSURE, "EDITS": EDITS, "SLOT": SLOT,
    "UNKNOWN": UNKNOWN, "COMMON": COMMON, "NAME": NAME, "NEUTRAL": NEUTRAL, "NUMBER": NUMBER, "DATE": DATE, "USUAL": USUAL,
    "OPPOSITE": OPPOSITE, "MARKER": MARKER, "NEGATION": NEGATION, "LONE": LONE, "HALF": HALF, "DENIED": DENIED, "NAME_BITS": NAME_BITS, "MONTHS": MONTHS, "CLITIC_CLASSES": CLITIC_CLASSES, "ARTICLE": ARTICLE, "FORM_CLASSES": FORM_CLASSES, "LETTERS": LETTERS, "ELSEWHERE": ELSEWHERE, "NEARLY": NEARLY, "PLACE": PLACE,
    "BITMAP_SHIFT": BITMAP_SHIFT, "CROWDED": CROWDED, "KEYS": KEYS, "DEEP": DEEP, "DIGITS": DIGITS,
}


def _use_wide(int most):
    """Use instructions that not every machine has, where this one has them: 2 for all, as on import, 1 for those of registers of
    32 bytes at most, 0 for none. Gives which are used, as bits."""
    return wide_choose(most)


_use_wide(2)

cdef double STEP = 9.5367431640625e-07  # 2**-20


# --- words: letters to hashes

ctypedef fused Letter:
    uint8_t
    uint16_t


cdef struct Near:  # what the letters fold to that nearly all texts here are made of: one look instead of two, or 32 at once
    uint32_t entries[NEAR]
    WideTables wide
    const uint32_t* pairs  # of any letter the two that it is written out as, the first lowest; 0 where it is not


cdef Py_ssize_t fold_letters(
    const Letter* letters, Py_ssize_t length, const Near* near, const uint16_t* table, const uint16_t* classes,
    uint16_t* codes, uint16_t* kinds
) noexcept nogil:
    """Folded letters and their classes, those to be deleted left out; -1 where one asks for the small path."""
    cdef Py_ssize_t i = 0, m = 0, found, written, again = 0, pause = FOUR
    cdef uint32_t letter, code, entry, e, f, g, h
    while i < length:
        if Letter is uint16_t:
            if near.wide.usable and i >= again and length - i >= AT_ONCE:
                found = wide_fold(letters + i, length - i, &near.wide, near.entries, codes + m, kinds + m, &written)
                i += found
                m += written
                pause = FOUR if found > AT_ONCE else min(2 * pause, <Py_ssize_t>LONGEST_PAUSE)
                again = i + pause  # texts with all marks, or in other letters, are not tried again and again
                continue
        if length - i >= FOUR and (letters[i] | letters[i + 1] | letters[i + 2] | letters[i + 3]) < NEAR:
            e, f = near.entries[letters[i]], near.entries[letters[i + 1]]
            g, h = near.entries[letters[i + 2]], near.entries[letters[i + 3]]
            if not (e | f | g | h) & ASKS:  # nearly all letters stay
                codes[m], codes[m + 1], codes[m + 2], codes[m + 3] = (
                    <uint16_t>e, <uint16_t>f, <uint16_t>g, <uint16_t>h
                )
                kinds[m], kinds[m + 1], kinds[m + 2], kinds[m + 3] = (
                    <uint16_t>(e >> 16), <uint16_t>(f >> 16), <uint16_t>(g >> 16), <uint16_t>(h >> 16)
                )
                i += FOUR
                m += FOUR
                continue
        letter = letters[i]
        i += 1
        entry = near.entries[letter] if letter < NEAR else entry_of(letter, table, classes)
        code = entry & 0xFFFF
        codes[m] = <uint16_t>code
        kinds[m] = <uint16_t>(entry >> 16)
        m += code != DELETE
        if code == UNFOLD:
            if near.pairs[letter] == 0:
                return -1
            put_pair(near.pairs[letter], classes, codes + m - 1, kinds + m - 1)
            m += 1
    return m


cdef inline void put_pair(uint32_t pair, const uint16_t* classes, uint16_t* codes, uint16_t* kinds) noexcept nogil:
    codes[0], codes[1] = <uint16_t>pair, <uint16_t>(pair >> 16)
    kinds[0], kinds[1] = classes[codes[0]], classes[codes[1]]


cdef Py_ssize_t fold_utf8(
    const uint8_t* letters, Py_ssize_t length, const Near* near, const uint16_t* table, const uint16_t* classes,
    uint16_t* codes, uint16_t* kinds
) noexcept nogil:
    """`fold_letters` of UTF-8, in which halves of pairs may stand; -1 also for letters outside the basic plane."""
    cdef Py_ssize_t i = 0, m = 0, found, written, again = 0, pause = FOUR
    cdef uint32_t letter, code, entry
    while i < length:
        if near.wide.usable and i >= again and length - i >= 2 * AT_ONCE:
            found = wide_fold_utf8(letters + i, length - i, &near.wide, near.entries, codes + m, kinds + m, &written)
            i += found
            m += written
            pause = FOUR if found > 2 * AT_ONCE else min(2 * pause, <Py_ssize_t>LONGEST_PAUSE)
            again = i + pause
            continue
        letter = letters[i]
        if letter < 0x80:
            entry = near.entries[letter]
            i += 1
        elif letter < 0xE0:
            letter = (letter & 0x1F) << 6 | (letters[i + 1] & 0x3F)
            entry = near.entries[letter]
            i += 2
        elif letter < 0xF0:
            letter = (letter & 0x0F) << 12 | <uint32_t>(letters[i + 1] & 0x3F) << 6 | (letters[i + 2] & 0x3F)
            entry = entry_of(letter, table, classes)
            i += 3
        else:
            return -1
        code = entry & 0xFFFF
        codes[m] = <uint16_t>code
        kinds[m] = <uint16_t>(entry >> 16)
        m += code != DELETE
        if code == UNFOLD:
            if near.pairs[letter] == 0:
                return -1
            put_pair(near.pairs[letter], classes, codes + m - 1, kinds + m - 1)
            m += 1
    return m


cdef inline uint32_t entry_of(uint32_t letter, const uint16_t* table, const uint16_t* classes) noexcept nogil:
    """A folded letter, and its class above it."""
    return <uint32_t>table[letter] | <uint32_t>classes[table[letter]] << 16


cdef inline void fill_near(
    Near* near, const uint16_t* table, const uint32_t* pairs, const uint16_t* classes
) noexcept nogil:
    """Entries of the letters that nearly all texts here are made of."""
    cdef int letter
    near.pairs = pairs
    for letter in range(NEAR):
        near.entries[letter] = entry_of(letter, table, classes)
        if table[letter] == DELETE or table[letter] == UNFOLD:
            near.entries[letter] |= ASKS
    wide_fill(&near.wide, near.entries, table, classes)


cdef inline bint is_digit(uint16_t code) noexcept nogil:
    return <uint16_t>(code - 0x30) < 10 or <uint16_t>(code - 0x0660) < 10 or <uint16_t>(code - 0x06F0) < 10


cdef inline bint separates_thousands(
    const uint16_t* codes, Py_ssize_t start, Py_ssize_t comma, Py_ssize_t joined, uint16_t joint
) noexcept nogil:
    """Whether a comma or a stop after a word does: the word begins at `start`, the digits after one that did before, which was
    a `joint`, at `joined`. Stops do so by twos at least: one alone is a decimal point."""
    cdef Py_ssize_t first = comma
    if not (is_digit(codes[comma + 1]) and is_digit(codes[comma + 2]) and is_digit(codes[comma + 3])):
        return False
    if is_digit(codes[comma + 4]):
        return False
    while first > start and first > joined and is_digit(codes[first - 1]):
        first -= 1
    if not 1 <= comma - first <= 3:
        return False
    if codes[comma] == STOP:
        if first == joined:
            return joint == STOP
        if codes[comma + 4] != STOP or is_digit(codes[comma + 8]) or not (
            is_digit(codes[comma + 5]) and is_digit(codes[comma + 6]) and is_digit(codes[comma + 7])
        ):
            return False
    elif (first == joined and joint == COMMA) or (first > 0 and first == start and codes[first - 1] == COMMA):
        return True
    return codes[first] != 0x30 and codes[first] != 0x0660 and codes[first] != 0x06F0


cdef Py_ssize_t fold_text(
    const void* data, int kind, Py_ssize_t length, const Near* near, const uint16_t* table, const uint16_t* classes,
    uint16_t* codes, uint16_t* kinds
) noexcept nogil:
    """Folded letters of one text and their classes, and a separator after them; -1 where one asks for the small path."""
    cdef Py_ssize_t i, found, m = 0
    cdef uint32_t letter
    cdef uint16_t units[2]
    if kind == UTF8:
        m = fold_utf8(<const uint8_t*>data, length, near, table, classes, codes, kinds)
    elif kind == 2:
        m = fold_letters(<const uint16_t*>data, length, near, table, classes, codes, kinds)
    elif kind == 1:
        m = fold_letters(<const uint8_t*>data, length, near, table, classes, codes, kinds)
    else:
        for i in range(length):
            letter = (<const uint32_t*>data)[i]
            units[0] = <uint16_t>letter
            if letter > 0xFFFF:  # two units, as in UTF-16
                units[0] = <uint16_t>(0xD800 + ((letter - 0x10000) >> 10))
                units[1] = <uint16_t>(0xDC00 + ((letter - 0x10000) & 0x3FF))
            found = fold_letters(units, 2 if letter > 0xFFFF else 1, near, table, classes, codes + m, kinds + m)
            if found < 0:
                return -1
            m += found
    if m >= 0:
        memset(codes + m, 0, 2 * FOUR * sizeof(uint16_t))  # so that eight letters can be read from any of them
    return m


cdef inline uint64_t four(const uint16_t* codes) noexcept nogil:
    """Four letters as one number, the first lowest, on any platform."""
    return (
        <uint64_t>codes[0] | <uint64_t>codes[1] << 16 | <uint64_t>codes[2] << 32 | <uint64_t>codes[3] << 48
    )


cdef inline uint64_t first_letters(uint64_t letters, Py_ssize_t count) noexcept nogil:
    return letters if count >= 4 else letters & ((<uint64_t>1 << 16 * count) - 1)


cdef inline uint64_t hash_run(const uint16_t* codes, Py_ssize_t length) noexcept nogil:
    cdef uint64_t h = first_letters(four(codes), length) * M1
    cdef uint64_t more
    h ^= h >> 30
    length -= 4
    while length > 0:
        codes += 4
        more = (h ^ first_letters(four(codes), length)) * M2
        h = more ^ (more >> 31)
        length -= 4
    h *= M2
    return h ^ (h >> 27)


cdef inline bint among(uint64_t edge, const uint64_t* affixes, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    cdef bint found = False
    for i in range(count):  # to the end: where it would stop nobody can foretell
        found |= edge == affixes[i]
    return found


cdef inline uint32_t hash_stem(
    const uint16_t* word, Py_ssize_t length, const uint64_t* affixes, const int64_t* sizes, const uint16_t* bones
) noexcept nogil:
    """`affixes`: prefixes of one, two and three letters, then suffixes, then hashes of words that stay whole; `sizes`: how
    many of each; `bones`: the class of each letter, 0 for a vowel."""
    cdef Py_ssize_t size, cut, i, stem = length, skip = length > 5 and word[0] in (0x0648, 0x0628, 0x0641)  # clitics
    cdef uint64_t letters
    cdef const uint64_t* at = affixes
    cdef uint16_t kept[LONGEST_STEM + 4]
    cdef uint16_t letter
    if 5 <= length - skip <= 8 and word[skip] == ALEF and word[skip + 1] == LAM:
        letters = hash_run(word + skip, length - skip)
        for size in range(6):
            at += sizes[size]
        if among(letters, at, sizes[6]):
            return <uint32_t>(letters >> 32)
        at = affixes
    if length > STEM_LETTERS:
        letters, cut = four(word), 0
        for size in range(1, 4):
            if stem >= STEM_LETTERS + size and among(first_letters(letters, size), at, sizes[size - 1]):
                cut = size
            at += sizes[size - 1]
        word += cut
        stem -= cut
        letters, cut = 0, 0
        if stem > STEM_LETTERS:
            letters = four(word + stem - 4)
        for size in range(1, 4):
            if stem >= STEM_LETTERS + size and among(letters >> 16 * (4 - size), at, sizes[2 + size]):
                cut = size
            at += sizes[2 + size]
        stem -= cut
    if STEM_LETTERS < stem <= LONGEST_STEM:
        kept[0], size = word[0], 1
        for i in range(1, stem):
            kept[size] = word[i]
            size += bones[word[i]] > 0
        if size >= STEM_LETTERS:
            if size >= NAME_LETTERS:
                cut, size = size, 0
                for i in range(cut):
                    letter = bones[kept[i]] if bones[kept[i]] else kept[i]
                    if size == 0 or letter != kept[size - 1]:
                        kept[size] = letter
                        size += 1
            return <uint32_t>(hash_run(kept, size) >> 32)
    return <uint32_t>(hash_run(word, stem) >> 32)


cdef uint64_t number_signature(const uint16_t* word, Py_ssize_t length, const uint16_t* kinds) noexcept nogil:
    """An odd number, the same for the same digits; 1 where there are two numbers."""
    cdef Py_ssize_t j, runs = 0
    cdef uint64_t number = 0
    cdef bint inside = False
    for j in range(length):
        if kinds[j] & 1:
            runs += not inside
            number = number * 10 + (word[j] & 15)
        inside = kinds[j] & 1
    if runs > 1:
        return 1
    number = mix(number + 1) >> 49
    return (number if number > 1 else 1) << 1 | 1


cdef struct Folded:
    # A text of up to `most` letters: what these fold to, the class of each, where its words begin and end, by turns, and a bit for
    # each word, where that is known at once: set where more than spaces lies before it.
    Py_ssize_t most
    uint16_t* codes
    uint16_t* kinds
    int32_t* edges
    uint64_t* apart


cdef int reserve(Folded* text, Py_ssize_t most) except -1:
    """Make room for a text, of which a letter outside the basic plane takes two codes."""
    cdef Py_ssize_t room = 2 * most + 2 * FOUR + READ
    text.codes = text.kinds = NULL
    text.edges = NULL
    text.apart = NULL
    if room >= 0x7FFFFFFF:
        raise OverflowError(f"a text has {most:,} letters; it must have fewer than 1,000,000,000; cure: split it")
    text.most = most
    text.codes = <uint16_t*>malloc(room * sizeof(uint16_t))
    text.kinds = <uint16_t*>malloc(room * sizeof(uint16_t))
    text.edges = <int32_t*>malloc(room * sizeof(int32_t))
    text.apart = <uint64_t*>malloc((room // READ + 3) * sizeof(uint64_t))
    if text.codes == NULL or text.kinds == NULL or text.edges == NULL or text.apart == NULL:
        release(text)
        raise MemoryError
    return 0


cdef void release(Folded* text) noexcept nogil:
    free(text.codes); free(text.kinds); free(text.edges); free(text.apart)
    text.codes = text.kinds = NULL
    text.edges = NULL
    text.apart = NULL


cdef Py_ssize_t find_edges(Folded* text, Py_ssize_t length) noexcept nogil:
    """Where words begin and end, by turns, and where the text ends, as often as `LANES` words more have edges; gives the number of
    words. Behind the codes there is a separator, and room for `READ` others."""
    cdef const uint16_t* codes = text.codes
    cdef int32_t* edges = text.edges
    cdef Py_ssize_t i = 0, count = 0, more
    cdef uint64_t bits, changes, before = 0
    if wide_lanes:
        count, i = wide_edges(codes, length, edges, text.apart), length
    while i < length:
        bits = letters_among(codes + i)
        if length - i < READ:  # what is read behind the text is of another one
            bits &= (<uint64_t>1 << (length - i)) - 1
        changes = bits ^ (bits << 1 | before)
        before = bits >> 63
        while changes:
            edges[count] = <int32_t>(i + low_zeros(changes))
            count += 1
            changes &= changes - 1
        i += READ
    for more in range(2 * LANES + 2):
        edges[count + more] = <int32_t>length
    return (count + 1) >> 1


cdef struct Merging:  # of words one after another
    Py_ssize_t joined  # where the digits behind the joint begin that was taken out last; -1 once a word has passed since
    uint16_t joint


cdef inline bint merges(Folded* text, Py_ssize_t word, Py_ssize_t length, bint joins_waw, Merging* merging) noexcept nogil:
    """Whether a word is none by itself but the beginning of the next one, whose edge is moved then: digits before a separator
    of thousands, and a lone waw."""
    cdef uint16_t* codes = text.codes
    cdef uint16_t* kinds = text.kinds
    cdef int32_t* edges = text.edges + 2 * word
    cdef Py_ssize_t start = edges[0], stop = edges[1], follows = edges[2], size = stop - start, i
    if (codes[stop] == COMMA or codes[stop] == STOP) and is_digit(codes[stop + 1]) and separates_thousands(
        codes, start, stop, merging.joined, merging.joint
    ):
        merging.joint, merging.joined = codes[stop], stop + 1
        memmove(codes + start + 1, codes + start, size * sizeof(uint16_t))
        memmove(kinds + start + 1, kinds + start, size * sizeof(uint16_t))
        edges[2] = <int32_t>(start + 1)
        return True
    merging.joined = -1
    if size == 1 and joins_waw and codes[start] == WAW and follows < length:
        i = stop
        while i < follows and codes[i] != NEWLINE:
            i += 1
        if i == follows:  # beside the next word, in place of what stood between
            codes[i - 1], kinds[i - 1] = WAW, kinds[start]
            edges[2] = <int32_t>(i - 1)
            return True
    return False


cdef inline uint64_t apart_behind(const Folded* text, Py_ssize_t word) noexcept nogil:
    """Bit j is set where more than spaces follows a word that is j words after this one."""
    cdef Py_ssize_t at = (word + 1) >> 6, by = (word + 1) & 63
    return text.apart[at] >> by | text.apart[at + 1] << 1 << (63 - by)


cdef inline uint8_t opens_behind(const Folded* text, Py_ssize_t word) noexcept nogil:
    """What the word after a word opens."""
    cdef const uint16_t* codes = text.codes
    cdef Py_ssize_t i, stop = text.edges[2 * word + 1], follows = text.edges[2 * word + 2]
    cdef uint8_t opens = 0
    if codes[stop] != SPACE or follows != stop + 1:
        for i in range(stop, follows):
            opens |= OPENS[codes[i]]
    return opens


cdef inline uint64_t hash_word(const Folded* text, Py_ssize_t word) noexcept nogil:
    """`hash_run` of a word and its signature.

    Most words have up to eight letters, and how many nobody can foretell: their two groups of four are hashed without a
    branch, and masks say what counts."""
    cdef const uint16_t* codes = text.codes
    cdef const uint16_t* kinds = text.kinds
    cdef Py_ssize_t start = text.edges[2 * word], size = text.edges[2 * word + 1] - start, i = min(size, <Py_ssize_t>FOUR)
    cdef uint64_t mask = MASKS[i], h = (four(codes + start) & mask) * M1, more, signature
    h ^= h >> 30
    signature = four(kinds + start) & mask
    mask = MASKS[min(size - i, <Py_ssize_t>FOUR)]
    more = (h ^ (four(codes + start + FOUR) & mask)) * M2
    more ^= more >> 31
    h ^= (h ^ more) & (0 - (mask & 1))
    signature |= four(kinds + start + FOUR) & mask
    i = 2 * FOUR
    while i < size:
        mask = MASKS[min(size - i, <Py_ssize_t>FOUR)]
        more = (h ^ (four(codes + start + i) & mask)) * M2
        h = more ^ (more >> 31)
        signature |= four(kinds + start + i) & mask
        i += FOUR
    h *= M2
    signature |= signature >> 32
    signature = (signature | signature >> 16) & 0xFFFF
    if signature & 1:
        signature = number_signature(codes + start, size, kinds + start)
    return ((h ^ (h >> 27)) & ~<uint64_t>0xFFFF) | signature


cdef Py_ssize_t hash_codes(
    Folded* text, Py_ssize_t length, uint64_t* hashes, uint8_t* opens, uint32_t* stems, const uint64_t* affixes,
    const int64_t* sizes, const uint16_t* bones, Py_ssize_t count, bint joins_waw,
) noexcept nogil:
    """Hashes of every word. `opens`: 1 for a word that opens a line, and 2 for one that opens a sentence, as every line
    does.

    Where words begin is found before, so that no word waits for the end of the last; usual ones are hashed many at once, where
    the machine can."""
    cdef Py_ssize_t word = 0, words = find_edges(text, length), many, merged, at, start
    cdef bint wide
    cdef Merging merging
    cdef uint64_t odd
    merging.joined, merging.joint = -1, 0
    opens[count] = OPENS[NEWLINE]
    while word < words:
        many, merged, odd, wide = 1, 0, 1, wide_lanes and merging.joined < 0
        if wide:
            many = min(words - word, <Py_ssize_t>WORDS)
            odd = wide_words(text.codes, text.kinds, text.edges + 2 * word, many, hashes + count)
            odd = (odd | apart_behind(text, word)) & (<uint64_t>0xFFFFFFFFFFFFFFFF >> (64 - many))
            memset(opens + count + 1, 0, many)
        while odd:
            at = low_zeros(odd)
            if merges(text, word + at, length, joins_waw, &merging):
                many, merged = at, 1  # what follows was not what it is now
                break
            start = word + at
            if not wide or hashes[count + at] & 1 or text.edges[2 * start + 1] - text.edges[2 * start] > 2 * FOUR:
                hashes[count + at] = hash_word(text, start)
            opens[count + at + 1] = opens_behind(text, start)
            odd &= odd - 1
        if stems != NULL:
            for at in range(many):
                start = text.edges[2 * (word + at)]
                stems[count + at] = hash_stem(
                    text.codes + start, text.edges[2 * (word + at) + 1] - start, affixes, sizes, bones
                )
        count += many
        word += many + merged
    return count


cdef object hash_all(
    Py_ssize_t n, const void** data, const int* widths, const Py_ssize_t* lengths, object text_of,
    const uint16_t[::1] table, const uint16_t[::1] settled, const uint32_t[::1] pairs, object unfold, bint with_stems,
    const uint64_t[::1] affixes, const int64_t[::1] sizes, const uint16_t[::1] bones, const uint16_t[::1] classes,
    bint joins_waw,
):
    """Hashes uint64 (w,), offsets int64 (n + 1,), openings of lines and of sentences as bits 1 and 2, uint8 (w,), stems
    uint32 (w,) or None. `text_of`: gives a text as a string."""
    cdef Py_ssize_t i, length, longest = 0, total = 0, count = 0, more, spare = 4096
    cdef Folded room
    cdef Near near, near_settled
    cdef bint is_settled = False
    cdef uint64_t[::1] hashes
    cdef uint8_t[::1] opens
    cdef uint32_t[::1] stems
    cdef uint32_t* stem_at
    cdef int64_t[::1] offsets
    for i in range(n):
        longest = max(longest, lengths[i])
        total += lengths[i] // 2 + 1
    total += spare
    reserve(&room, longest)
    try:
        fill_near(&near, &table[0], &pairs[0], &classes[0])
        hash_array, open_array = np.empty(total + LANES, np.uint64), np.empty(total + 1, np.uint8)
        stem_array, offset_array = np.empty(total + 1 if with_stems else 1, np.uint32), np.zeros(n + 1, np.int64)
        hashes, opens, stems, offsets = hash_array, open_array, stem_array, offset_array
        i = 0
        while i < n:
            stem_at = &stems[0] if with_stems else NULL
            with nogil:
                while i < n:
                    length = fold_text(
                        data[i], widths[i], lengths[i], &near, &table[0], &classes[0], room.codes, room.kinds
                    )
                    if length < 0:
                        break
                    count = hash_codes(
                        &room, length, &hashes[0], &opens[0], stem_at, &affixes[0], &sizes[0], &bones[0], count,
                        joins_waw,
                    )
                    i += 1
                    offsets[i] = count
            if i == n:
                break
            text = <str?>unfold(text_of(i))  # the small path: rare, and Python's
            length = PyUnicode_GET_LENGTH(text)
            if length > lengths[i]:  # ligatures were written out
                spare -= (length - lengths[i]) // 2 + 1
                if spare < 0:
                    more = length + total // 8
                    total, spare = total + more, spare + more  # what this text lacked is taken off the new room
                    hash_array, open_array = np.resize(hash_array, total + LANES), np.resize(open_array, total + 1)
                    if with_stems:
                        stem_array = np.resize(stem_array, total + 1)
                    hashes, opens, stems = hash_array, open_array, stem_array
                    stem_at = &stems[0] if with_stems else NULL
            if length > room.most:
                release(&room)
                reserve(&room, length)
            if not is_settled:
                fill_near(&near_settled, &settled[0], &pairs[0], &classes[0])
                is_settled = True
            length = fold_text(
                PyUnicode_DATA(text), PyUnicode_KIND(text), length, &near_settled, &settled[0], &classes[0], room.codes,
                room.kinds,
            )
            count = hash_codes(
                &room, length, &hashes[0], &opens[0], stem_at, &affixes[0], &sizes[0], &bones[0], count,
                joins_waw,
            )
            i += 1
            offsets[i] = count
    finally:
        release(&room)
    stems_out = stem_array[:count] if with_stems else None
    return hash_array[:count], offset_array, open_array[:count], stems_out


def hash_texts(
    list texts, const uint16_t[::1] table, const uint16_t[::1] settled, const uint32_t[::1] pairs, unfold,
    bint with_stems, const uint64_t[::1] affixes, const int64_t[::1] sizes, const uint16_t[::1] bones,
    const uint16_t[::1] classes, bint joins_waw,
):
    """Hashes of the words of strings, as `hash_all` gives them."""
    cdef Py_ssize_t n = len(texts), i
    cdef const void** data = <const void**>malloc((n + 1) * sizeof(void*))
    cdef int* widths = <int*>malloc((n + 1) * sizeof(int))
    cdef Py_ssize_t* lengths = <Py_ssize_t*>malloc((n + 1) * sizeof(Py_ssize_t))
    try:
        if data == NULL or widths == NULL or lengths == NULL:
            raise MemoryError
        for i in range(n):
            text = texts[i]
            if not isinstance(text, str):  # a kind of string, such as NumPy's, is one
                raise TypeError(f"text {i} is no string but {type(text).__name__}")
            data[i], widths[i], lengths[i] = PyUnicode_DATA(text), PyUnicode_KIND(text), PyUnicode_GET_LENGTH(text)
        return hash_all(
            n, data, widths, lengths, texts.__getitem__, table, settled, pairs, unfold, with_stems, affixes, sizes,
            bones, classes, joins_waw,
        )
    finally:
        free(data); free(widths); free(lengths)


def hash_utf8(
    const uint8_t[::1] data, const int64_t[::1] starts, const int64_t[::1] stops, const uint16_t[::1] table,
    const uint16_t[::1] settled, const uint32_t[::1] pairs, unfold, bint with_stems, const uint64_t[::1] affixes,
    const int64_t[::1] sizes, const uint16_t[::1] bones, const uint16_t[::1] classes, bint joins_waw,
):
    """Hashes of the words of texts in UTF-8, as `hash_all` gives them."""
    cdef Py_ssize_t n = starts.shape[0], i
    cdef const void** texts = <const void**>malloc((n + 1) * sizeof(void*))
    cdef int* widths = <int*>malloc((n + 1) * sizeof(int))
    cdef Py_ssize_t* lengths = <Py_ssize_t*>malloc((n + 1) * sizeof(Py_ssize_t))
    whole = np.asarray(data)
    try:
        if texts == NULL or widths == NULL or lengths == NULL:
            raise MemoryError
        for i in range(n):
            texts[i], widths[i], lengths[i] = &data[0] + starts[i], UTF8, stops[i] - starts[i]
        return hash_all(
            n, texts, widths, lengths, lambda i: bytes(whole[starts[i]:stops[i]]).decode("utf-8", "surrogatepass"),
            table, settled, pairs, unfold, with_stems, affixes, sizes, bones, classes, joins_waw,
        )
    finally:
        free(texts); free(widths); free(lengths)


cdef inline Py_ssize_t letter_at(const uint8_t* text, Py_ssize_t left, uint32_t* letter) noexcept nogil:
    """How many bytes the letter at a place of valid UTF-8 takes, of which so many are left; 0 where it is not valid."""
    cdef uint32_t first = text[0], second
    if first < 0x80:
        letter[0] = first
        return 1
    if left < 2 or first < 0xC2 or text[1] & 0xC0 != 0x80:
        return 0
    second = text[1] & 0x3F
    if first < 0xE0:
        letter[0] = (first & 0x1F) << 6 | second
        return 2
    if left < 3 or text[2] & 0xC0 != 0x80:
        return 0
    if first < 0xF0:
        letter[0] = (first & 0x0F) << 12 | second << 6 | (text[2] & 0x3F)
        return 0 if letter[0] < 0x800 or 0xD800 <= letter[0] < 0xE000 else 3
    if left < 4 or first > 0xF4 or text[3] & 0xC0 != 0x80:
        return 0
    letter[0] = (first & 0x07) << 18 | second << 12 | (text[2] & 0x3F) << 6 | (text[3] & 0x3F)
    return 4 if 0x10000 <= letter[0] < 0x110000 else 0


cdef enum:
    LEGAL = 0  # where in a letter of UTF-8 a byte leads to, as places of bits in `steps_of_utf8`: to the end of one
    BROKEN = 6
    ONE_MORE = 12  # so many bytes are missing
    TWO_MORE = 18
    THREE_MORE = 24
    AFTER_E0 = 30  # where not every byte may follow
    AFTER_ED = 36
    AFTER_F0 = 42
    AFTER_F4 = 48
    PLACES = 0x3F

cdef uint64_t steps_of_utf8[256]  # by byte: where it leads to from each place, six bits a place


cdef inline uint64_t step_of(int byte, int place) noexcept:
    """Where a byte leads to (The Unicode Standard 15, table 3-7)."""
    if place == LEGAL:
        if byte < 0x80:
            return LEGAL
        if 0xC2 <= byte < 0xE0:
            return ONE_MORE
        if 0xE0 <= byte < 0xF0:
            return AFTER_E0 if byte == 0xE0 else AFTER_ED if byte == 0xED else TWO_MORE
        if 0xF0 <= byte < 0xF5:
            return AFTER_F0 if byte == 0xF0 else AFTER_F4 if byte == 0xF4 else THREE_MORE
    elif 0x80 <= byte < 0xC0:
        if place == ONE_MORE:
            return LEGAL
        if place == TWO_MORE or (place == AFTER_E0 and byte >= 0xA0) or (place == AFTER_ED and byte < 0xA0):
            return ONE_MORE
        if place == THREE_MORE or (place == AFTER_F0 and byte >= 0x90) or (place == AFTER_F4 and byte < 0x90):
            return TWO_MORE
    return BROKEN


cdef void fill_steps() noexcept:
    cdef int byte, place
    for byte in range(256):
        for place in range(LEGAL, AFTER_F4 + 1, BROKEN):
            steps_of_utf8[byte] |= step_of(byte, place) << place

fill_steps()


cdef struct Walked:  # what a walk over the letters of a text tells
    int64_t letters
    uint64_t every  # entries of its bytes together
    uint64_t at  # where its last byte leads to, as a place of bits in `steps_of_utf8`


cdef enum:
    NOT_PLAIN = 55  # bit of a byte's entry: it stands in no string of JSON as it is
    CLASSES_FROM = 56  # bits of a byte's entry, from here on: its classes


cdef inline void walk_letters(
    const uint8_t* data, Py_ssize_t place, Py_ssize_t stop, const uint64_t* steps, Walked* walked
) noexcept nogil:
    """Walk on from byte to byte. No byte waits for a guess whether a letter begins with it."""
    cdef uint64_t entry, continued, every = walked.every, at = walked.at
    cdef int64_t count = walked.letters + stop - place
    cdef int step
    while place + 8 <= stop:
        memcpy(&continued, data + place, 8)
        count -= <int64_t>(((continued >> 7 & ~(continued >> 6) & ONE_EACH) * ONE_EACH) >> 56)
        for step in range(8):
            entry = steps[data[place + step]]
            every |= entry
            at = entry >> (at & PLACES)
        place += 8
    while place < stop:
        entry = steps[data[place]]
        count -= data[place] & 0xC0 == 0x80
        every |= entry
        at = entry >> (at & PLACES)
        place += 1
    walked.letters, walked.every, walked.at = count, every, at & PLACES


cdef inline uint8_t classes_of_head(
    const uint8_t* data, Py_ssize_t place, Py_ssize_t stop, Py_ssize_t head, const uint8_t* classes
) noexcept nogil:
    """Classes of the first letters of a text, as far as they are valid."""
    cdef Py_ssize_t step, count = 0
    cdef uint32_t letter = 0
    cdef uint8_t found = 0
    while place < stop and count < head:
        step = letter_at(data + place, stop - place, &letter)
        if step == 0:
            break
        found |= classes[letter] if letter < NEAR else 0xFF
        place += step
        count += 1
    return found


def scan_utf8(
    const uint8_t[::1] data, const int64_t[::1] starts, const int64_t[::1] stops, Py_ssize_t head,
    const uint8_t[::1] classes, int64_t[::1] lengths, uint8_t[::1] seen, uint8_t[::1] opens,
):
    """Letters of each text in UTF-8, -1 where it is not valid; classes of its ASCII letters, and of its head's."""
    cdef Py_ssize_t i
    cdef uint64_t steps[256]
    cdef Walked walked
    with nogil:
        for i in range(256):
            steps[i] = steps_of_utf8[i] | (<uint64_t>classes[i] << CLASSES_FROM if i < 0x80 else 0)
        for i in range(starts.shape[0]):
            walked.letters, walked.every, walked.at = 0, 0, LEGAL
            walk_letters(&data[0], starts[i], stops[i], steps, &walked)
            lengths[i] = walked.letters if walked.at == LEGAL else -1
            seen[i] = <uint8_t>(walked.every >> CLASSES_FROM)
            opens[i] = classes_of_head(&data[0], starts[i], stops[i], head, &classes[0])


# --- lines of JSON: where the cells of objects stand

cdef enum:
    KEYS = 128  # of an object, at most
    DEEP = 32  # values in values, at most
    DIGITS = 200  # of a number, with all else of it, at most

    NO_CELL = 0  # kinds of cells, as in `clusterer.arrays.kernels_numpy.json_cells`
    NULL_CELL = 1
    TEXT_CELL = 2
    OTHER_CELL = 3
    UNUSUAL = -1  # in place of the kind of an object
    UNKNOWN_KIND = -2

cdef struct Cell:
    Py_ssize_t start
    Py_ssize_t stop
    int64_t letters
    uint8_t seen
    uint8_t kind


cdef struct Lines:  # what is walked
    uint8_t* data
    Py_ssize_t stop
    Py_ssize_t free  # where texts without their escapes go
    uint64_t* steps  # by byte, as `walk_letters` takes them


cdef inline Py_ssize_t behind_blanks(const uint8_t* data, Py_ssize_t place) noexcept nogil:
    while data[place] == 0x20 or data[place] == 0x09 or data[place] == 0x0D:
        place += 1
    return place


cdef inline int32_t hex_number(const uint8_t* at) noexcept nogil:
    """The number of four hex digits; -1 where they are none."""
    cdef int i
    cdef int32_t digit, number = 0
    for i in range(4):
        digit = at[i]
        if 0x30 <= digit <= 0x39:
            digit -= 0x30
        elif 0x41 <= (digit & 0xDF) <= 0x46:
            digit = (digit & 0xDF) - 0x37
        else:
            return -1
        number = number << 4 | digit
    return number


cdef Py_ssize_t escaped_letter(const uint8_t* data, Py_ssize_t place, int32_t* letter) noexcept nogil:
    """Behind an escape, whose backslash stands at a place, and the letter that it stands for; -1 where it is none, or half of a
    letter."""
    cdef uint8_t byte = data[place + 1]
    cdef int32_t low
    letter[0] = byte
    if byte == 0x75:
        letter[0] = hex_number(data + place + 2)
        if letter[0] < 0 or 0xDC00 <= letter[0] < 0xE000:
            return -1
        if letter[0] < 0xD800 or letter[0] >= 0xDC00:
            return place + 6
        if data[place + 6] != 0x5C or data[place + 7] != 0x75:
            return -1
        low = hex_number(data + place + 8)
        if low < 0xDC00 or low >= 0xE000:
            return -1
        letter[0] = 0x10000 + ((letter[0] - 0xD800) << 10 | (low - 0xDC00))
        return place + 12
    if byte == 0x6E:
        letter[0] = 0x0A
    elif byte == 0x74:
        letter[0] = 0x09
    elif byte == 0x72:
        letter[0] = 0x0D
    elif byte == 0x62:
        letter[0] = 0x08
    elif byte == 0x66:
        letter[0] = 0x0C
    elif byte != 0x22 and byte != 0x5C and byte != 0x2F:
        return -1
    return place + 2


cdef inline Py_ssize_t put_letter(uint8_t* out, uint32_t letter) noexcept nogil:
    """A letter in UTF-8; how many bytes it takes."""
    if letter < 0x80:
        out[0] = <uint8_t>letter
        return 1
    if letter < 0x800:
        out[0], out[1] = <uint8_t>(0xC0 | letter >> 6), <uint8_t>(0x80 | (letter & 0x3F))
        return 2
    if letter < 0x10000:
        out[0], out[1] = <uint8_t>(0xE0 | letter >> 12), <uint8_t>(0x80 | (letter >> 6 & 0x3F))
        out[2] = <uint8_t>(0x80 | (letter & 0x3F))
        return 3
    out[0], out[1] = <uint8_t>(0xF0 | letter >> 18), <uint8_t>(0x80 | (letter >> 12 & 0x3F))
    out[2], out[3] = <uint8_t>(0x80 | (letter >> 6 & 0x3F)), <uint8_t>(0x80 | (letter & 0x3F))
    return 4


cdef inline Py_ssize_t place_of(const uint8_t* data, Py_ssize_t start, Py_ssize_t stop, int byte) noexcept nogil:
    """Where a byte stands first; -1 where it does not."""
    cdef const uint8_t* found = <const uint8_t*>memchr(data + start, byte, stop - start)
    return found - data if found != NULL else -1


cdef Py_ssize_t behind_string(Lines* lines, Py_ssize_t place, Cell* cell) noexcept nogil:
    """Behind a string, whose first letter stands at a place; -1 where it is none. What it holds is a cell then: where it stands,
    or where there is room, if something is escaped."""
    cdef const uint8_t* data = lines.data
    cdef uint8_t* out = lines.data + lines.free
    cdef Py_ssize_t escape, m = 0, quote = place_of(data, place, lines.stop, 0x22)
    cdef int32_t letter = 0
    cdef Walked walked
    walked.letters, walked.every, walked.at = 0, 0, LEGAL
    cell.start, cell.stop = place, quote
    while quote >= 0:
        escape = place_of(data, place, quote, 0x5C)
        if escape < 0:
            break
        walk_letters(data, place, escape, lines.steps, &walked)
        memcpy(out + m, data + place, escape - place)
        m += escape - place
        place = escaped_letter(data, escape, &letter)
        if place < 0 or walked.at != LEGAL:
            return -1
        m += put_letter(out + m, <uint32_t>letter)
        walked.letters += 1
        walked.every |= (lines.steps[letter] >> CLASSES_FROM << CLASSES_FROM) if letter < 0x80 else 0
        if place > quote:  # it was escaped
            quote = place_of(data, place, lines.stop, 0x22)
        cell.start, cell.stop = lines.free, -1
    if quote < 0:
        return -1
    walk_letters(data, place, quote, lines.steps, &walked)
    if cell.stop < 0:
        memcpy(out + m, data + place, quote - place)
        cell.stop = lines.free + m + quote - place
    if walked.at != LEGAL or walked.every >> NOT_PLAIN & 1:
        return -1
    cell.kind, cell.letters, cell.seen = TEXT_CELL, walked.letters, <uint8_t>(walked.every >> CLASSES_FROM)
    return quote + 1


cdef Py_ssize_t behind_number(const uint8_t* data, Py_ssize_t start) noexcept nogil:
    """Behind a number; -1 where it is none, or so long that it may not be told."""
    cdef Py_ssize_t place = start + (data[start] == 0x2D), digits
    if data[place] == 0x30:
        place += 1
    else:
        digits = place
        while <uint8_t>(data[place] - 0x30) < 10:
            place += 1
        if place == digits:
            return -1
    if data[place] == 0x2E:
        place += 1
        digits = place
        while <uint8_t>(data[place] - 0x30) < 10:
            place += 1
        if place == digits:
            return -1
    if data[place] | 0x20 == 0x65:
        place += 1
        if data[place] == 0x2B or data[place] == 0x2D:
            place += 1
        digits = place
        while <uint8_t>(data[place] - 0x30) < 10:
            place += 1
        if not 1 <= place - digits <= 2:
            return -1
    return place if place - start <= DIGITS else -1


cdef Py_ssize_t behind_value(Lines* lines, Py_ssize_t place, int depth, Cell* cell) noexcept nogil:
    """Behind a value, which is a cell then; -1 where it is none."""
    cdef const uint8_t* data = lines.data
    cdef uint8_t first = data[place]
    cdef Py_ssize_t start = place
    cdef Cell inner
    if first == 0x22:
        return behind_string(lines, place + 1, cell)
    cell.kind = OTHER_CELL
    if first == 0x6E:
        cell.kind = NULL_CELL
        place = place + 4 if lines.stop - place >= 4 and memcmp(data + place, b"null", 4) == 0 else -1
    elif first == 0x74:
        place = place + 4 if lines.stop - place >= 4 and memcmp(data + place, b"true", 4) == 0 else -1
    elif first == 0x66:
        place = place + 5 if lines.stop - place >= 5 and memcmp(data + place, b"false", 5) == 0 else -1
    elif first == 0x7B or first == 0x5B:
        if depth == DEEP:
            return -1
        place = behind_blanks(data, place + 1)
        if data[place] != first + 2:  # it is not empty
            while True:
                if first == 0x7B:
                    if data[place] != 0x22:
                        return -1
                    place = behind_string(lines, place + 1, &inner)
                    if place < 0:
                        return -1
                    place = behind_blanks(data, place)
                    if data[place] != 0x3A:
                        return -1
                    place = behind_blanks(data, place + 1)
                place = behind_value(lines, place, depth + 1, &inner)
                if place < 0:
                    return -1
                place = behind_blanks(data, place)
                if data[place] != 0x2C:
                    break
                place = behind_blanks(data, place + 1)
            if data[place] != first + 2:
                return -1
        place += 1
    else:
        place = behind_number(data, place)
    cell.start, cell.stop = start, place
    return place


def find_cells(
    uint8_t[::1] data, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t free_from, Py_ssize_t longest, Py_ssize_t head,
    const uint8_t[::1] classes, const uint8_t[::1] names, const int64_t[:, ::1] branches, const int64_t[::1] firsts,
    const int64_t[::1] kind_of, const int64_t[:, ::1] places, int64_t[::1] ends, int64_t[::1] objects,
    int64_t[:, :, ::1] spans, uint8_t[:, ::1] cells, int64_t[:, ::1] lengths, uint8_t[:, ::1] seen, uint8_t[:, ::1] opens,
):
    """Where the cells of objects stand, of which each is a line."""
    cdef Py_ssize_t line = 0, place = start, end, size, branch, node, i, attribute, before
    cdef int count
    cdef uint64_t steps[256]
    cdef Cell here[KEYS]
    cdef Lines lines
    cdef bint is_known
    with nogil:
        for i in range(256):
            steps[i] = steps_of_utf8[i] | (<uint64_t>classes[i] << CLASSES_FROM if i < 0x80 else 0)
            steps[i] |= <uint64_t>(i < 0x20) << NOT_PLAIN
        lines.data, lines.stop, lines.free, lines.steps = &data[0], stop, free_from, steps
        while place < stop and line < ends.shape[0]:
            start, node, count, end, before, is_known = place, 0, 0, -1, lines.free, True
            place = behind_blanks(&data[0], place)
            if data[place] == 0x7B:
                place = behind_blanks(&data[0], place + 1)
                while data[place] == 0x22 and count < KEYS:
                    place += 1
                    for branch in range(firsts[node], firsts[node + 1]):
                        size = branches[branch, 1] - branches[branch, 0]
                        if (
                            place + size < stop and data[place + size] == 0x22
                            and memcmp(&data[place], &names[branches[branch, 0]], size) == 0
                        ):
                            break
                    else:
                        is_known = False
                        break
                    node = branches[branch, 2]
                    place = behind_blanks(&data[0], place + size + 1)
                    if data[place] != 0x3A:
                        break
                    place = behind_value(&lines, behind_blanks(&data[0], place + 1), 0, &here[count])
                    if place < 0:
                        break
                    if here[count].kind == TEXT_CELL and here[count].start >= lines.free:
                        lines.free = here[count].stop
                    count += 1
                    place = behind_blanks(&data[0], place)
                    if data[place] == 0x7D:
                        end = behind_blanks(&data[0], place + 1)
                        break
                    if data[place] != 0x2C:
                        break
                    place = behind_blanks(&data[0], place + 1)
            if end < 0 or (end < stop and data[end] != 0x0A):
                end, objects[line] = place_of(&data[0], start, stop, 0x0A), UNUSUAL if is_known else UNKNOWN_KIND
                if end < 0:
                    end = stop
            else:
                objects[line] = kind_of[node]
            place = ends[line] = end + 1 if end < stop else stop
            if ends[line] - start > longest:
                objects[line] = UNUSUAL
            if objects[line] < 0:
                lines.free = before
                for attribute in range(places.shape[1]):
                    spans[0, attribute, line] = spans[1, attribute, line] = cells[attribute, line] = 0
                lengths[0, line] = lengths[1, line] = seen[0, line] = seen[1, line] = opens[0, line] = opens[1, line] = 0
                line += 1
                if objects[line - 1] == UNKNOWN_KIND:
                    break
                continue
            for attribute in range(places.shape[1]):
                i = places[objects[line], attribute]
                cells[attribute, line] = NO_CELL if i < 0 else here[i].kind
                spans[0, attribute, line] = here[i].start if cells[attribute, line] >= TEXT_CELL else 0
                spans[1, attribute, line] = here[i].stop if cells[attribute, line] >= TEXT_CELL else 0
                if attribute < 2:
                    lengths[attribute, line] = seen[attribute, line] = opens[attribute, line] = 0
                    if cells[attribute, line] == TEXT_CELL:
                        lengths[attribute, line], seen[attribute, line] = here[i].letters, here[i].seen
                        opens[attribute, line] = classes_of_head(
                            &data[0], here[i].start, here[i].stop, head, &classes[0]
                        )
            line += 1
    return line, lines.free


def longest_value(const uint8_t[::1] page, Py_ssize_t count):
    """Bytes of the longest of so many values that follow one another, each behind its length; -1 where they do not fill a page."""
    cdef Py_ssize_t i, place = 0, longest = 0
    cdef uint32_t length = 0
    with nogil:
        for i in range(count):
            if place + 4 > page.shape[0]:
                break
            memcpy(&length, &page[place], 4)
            place += 4 + <Py_ssize_t>length
            longest = max(longest, <Py_ssize_t>length)
        else:
            i = count
    return longest if i == count and place == page.shape[0] else -1


def hash_runs(
    const uint64_t[::1] hashes, const int64_t[::1] starts, const uint64_t[::1] factors, uint64_t[::1] out
):
    cdef Py_ssize_t i, j, start, stop, x = starts.shape[0]
    cdef uint64_t total
    with nogil:
        for i in range(x):
            start, stop = starts[i], starts[i + 1] if i + 1 < x else hashes.shape[0]
            total = <uint64_t>(stop - start)
            for j in range(start, stop):
                total += hashes[j] * factors[j - start]
            out[i] = mix(total)


ctypedef fused Value:
    uint64_t
    uint32_t
    uint16_t
    uint8_t


def take_rows(
    const Value[::1] values, const int64_t[::1] offsets, const int64_t[::1] rows, const int64_t[::1] to, Value[::1] out
):
    """Copy rows of a ragged array to where `to` says that each begins in `out`."""
    cdef Py_ssize_t i, count
    with nogil:
        for i in range(rows.shape[0]):
            count = offsets[rows[i] + 1] - offsets[rows[i]]
            if count > 0:
                memcpy(&out[to[i]], &values[offsets[rows[i]]], count * sizeof(Value))


# --- shingles and signatures

def shingle_rows(
    const uint64_t[::1] hashes, const int64_t[::1] offsets, const int64_t[::1] rows, const uint64_t[::1] factors,
    const int64_t[::1] to, uint64_t[::1] out,
):
    """Shingles of ``len(factors)`` members of some rows, one for a shorter row."""
    cdef Py_ssize_t i, j, a, size = factors.shape[0], length, place, start
    cdef uint64_t total
    with nogil:
        for i in range(rows.shape[0]):
            if i + 1 < rows.shape[0]:  # which lies anywhere; a cache line holds 8 hashes
                for a in range(offsets[rows[i + 1]], offsets[rows[i + 1] + 1], 8):
                    fetch_early(&hashes[a])
            start = offsets[rows[i]]
            length = offsets[rows[i] + 1] - start
            if length == 0:
                continue
            place = to[i]
            if length < size:
                total = 0
                for j in range(length):
                    total += hashes[start + j] * factors[j]
                out[place] = mix(total)
                continue
            if size == 3 and wide_lanes:
                wide_shingles(&hashes[start], length - 2, &factors[0], &out[place])
                continue
            if size == 3:  # as nearly always: told to the compiler
                for a in range(start, start + length - 2):
                    out[place] = mix(hashes[a] * factors[0] + hashes[a + 1] * factors[1] + hashes[a + 2] * factors[2])
                    place += 1
                continue
            for a in range(start, start + length - size + 1):
                total = 0
                for j in range(size):
                    total += hashes[a + j] * factors[j]
                out[place] = mix(total)
                place += 1


def fast_signatures(
    const uint64_t[::1] values, const int64_t[::1] offsets, const uint64_t[::1] salts, uint32_t[:, ::1] slots
):
    cdef Py_ssize_t i, j, place, k = slots.shape[1], filled
    cdef uint64_t h, salt
    cdef uint32_t value, least, empty = 0xFFFFFFFF, mask = (1 << VALUE_BITS) - 1
    cdef uint32_t turn
    cdef uint32_t* row
    with nogil:
        for i in range(offsets.shape[0] - 1):
            row = &slots[i, 0]
            if wide_lanes and k <= SLOTS_AT_ONCE and offsets[i + 1] > offsets[i]:
                wide_signature(&values[offsets[i]], offsets[i + 1] - offsets[i], &salts[0], row, k)
                continue
            for j in range(k):
                row[j] = empty
            if offsets[i + 1] == offsets[i]:
                continue
            for turn in range(ROUNDS):
                salt = salts[turn]
                for j in range(offsets[i], offsets[i + 1]):
                    h = mix(values[j] ^ salt)
                    place = <Py_ssize_t>(((h >> 32) * <uint64_t>k) >> 32)
                    value = (<uint32_t>h & mask) | turn << VALUE_BITS
                    least = row[place]
                    row[place] = value if value < least else least  # always stored: a branch would be a coin's toss
                filled = 0
                for j in range(k):
                    filled += row[j] != empty
                if filled == k:
                    break
            if filled < k:
                for place in range(k):
                    if row[place] == empty:
                        salt, least = salts[ROUNDS + place], mask
                        for j in range(offsets[i], offsets[i + 1]):
                            least = min(least, <uint32_t>mix(values[j] ^ salt) & mask)
                        row[place] = least | <uint32_t>ROUNDS << VALUE_BITS


ctypedef fused Slot:
    uint64_t
    uint32_t


def band_keys(
    const Slot[:, ::1] slots, Py_ssize_t r, const uint64_t[::1] factors, uint64_t[:, ::1] keys
):
    """Keys of bands of r slots, band by band."""
    cdef Py_ssize_t b = keys.shape[0], n = keys.shape[1], used = b * r, i, j, x, start
    cdef uint64_t total
    cdef uint64_t* every = <uint64_t*>malloc((used + 1) * sizeof(uint64_t))  # the factor of each slot
    cdef uint64_t* mixed = <uint64_t*>malloc((used + 1) * sizeof(uint64_t))
    cdef uint64_t* some = <uint64_t*>malloc((KEYS_AT_ONCE * b + 1) * sizeof(uint64_t))
    if every == NULL or mixed == NULL or some == NULL:
        free(every); free(mixed); free(some)
        raise MemoryError
    with nogil:
        for j in range(used):
            every[j] = factors[j % r]
        start = 0
        while start < n:
            for i in range(start, min(start + KEYS_AT_ONCE, n)):
                if Slot is uint32_t and wide_lanes:
                    wide_mixed(<const uint32_t*>&slots[i, 0], used, every, mixed)
                else:
                    for j in range(used):
                        mixed[j] = mix(<uint64_t>slots[i, j] + every[j]) * every[j]
                for j in range(b):
                    total = factors[r + j]
                    for x in range(r):
                        total += mixed[j * r + x]
                    some[j * KEYS_AT_ONCE + i - start] = mix(total)
            for j in range(b):
                memcpy(&keys[j, start], some + j * KEYS_AT_ONCE, min(n - start, <Py_ssize_t>KEYS_AT_ONCE) * sizeof(uint64_t))
            start += KEYS_AT_ONCE
    free(every); free(mixed); free(some)


# --- pairs

cdef bint settle(uint64_t* values, Py_ssize_t n, int lowest) noexcept nogil:
    """Sort values that nearly are, by their bits from `lowest` on; False where that would take long."""
    cdef Py_ssize_t i, j, moves = 0
    cdef uint64_t value
    for i in range(1, n):
        if values[i] >> lowest >= values[i - 1] >> lowest:
            continue
        value, j = values[i], i
        while j > 0 and values[j - 1] >> lowest > value >> lowest:
            values[j] = values[j - 1]
            j -= 1
            moves += 1
        values[j] = value
        if moves > n:
            return False
    return True


def sort_in_place(uint64_t[::1] values, int lowest):
    """Ascending by the bits from `lowest` on, equal ones in the order they had: eleven bits a pass, least significant
    first; passes in which all are alike are left out.

    The upper 33 bits that differ come first: where values are hashes, next to nothing is left to do after them."""
    cdef Py_ssize_t n = values.shape[0], i, total, before
    cdef Py_ssize_t* places = <Py_ssize_t*>malloc(6 * 2048 * sizeof(Py_ssize_t))
    cdef uint64_t* spare = <uint64_t*>malloc((n + 1) * sizeof(uint64_t))
    cdef uint64_t* here = &values[0] if n else NULL
    cdef uint64_t* there = spare
    cdef Py_ssize_t* digit
    cdef uint64_t value, set_bits = 0
    cdef int turn, turns, shift, start, top = 64
    cdef bint done = n < 2
    if places == NULL or spare == NULL:
        free(places); free(spare)
        raise MemoryError
    with nogil:
        for i in range(n):
            set_bits |= here[i]
        while top > 0 and not set_bits >> (top - 1):
            top -= 1
        start = max(top - 33, lowest)
        while not done:
            turns = (max(top - start, 0) + 10) // 11
            memset(places, 0, turns * 2048 * sizeof(Py_ssize_t))
            for i in range(n):
                value = here[i] >> start
                for turn in range(turns):
                    places[2048 * turn + (value & 2047)] += 1
                    value >>= 11
            for turn in range(turns):
                digit, shift = places + 2048 * turn, 11 * turn + start
                if digit[here[0] >> shift & 2047] == n:
                    continue
                total = 0
                for i in range(2048):
                    before = digit[i]
                    digit[i] = total
                    total += before
                for i in range(n):
                    value = here[i]
                    there[digit[value >> shift & 2047]] = value
                    digit[value >> shift & 2047] += 1
                here, there = there, here
            done = start == lowest or settle(here, n, lowest)
            start = lowest
        if n and here != &values[0]:
            memcpy(&values[0], here, n * sizeof(uint64_t))
    free(places); free(spare)


def repeated_entries(const uint64_t[::1] keys, int bits, uint64_t[::1] out):
    """Of the keys of so many articles, one of each, entries of those that another one may have; gives their number."""
    cdef Py_ssize_t n = keys.shape[0], i, count = 0, words
    cdef int top = 0
    cdef uint64_t place, bit, low = (<uint64_t>1 << bits) - 1
    cdef uint64_t* once
    cdef uint64_t* twice
    while 8 * n >> top:
        top += 1
    top = max(top, 6)
    words = <Py_ssize_t>1 << (top - 6)
    once = <uint64_t*>calloc(2 * words, sizeof(uint64_t))
    if once == NULL:
        raise MemoryError
    twice = once + words
    with nogil:
        for i in range(n):
            place = keys[i] >> (64 - top)
            bit = <uint64_t>1 << (place & 63)
            twice[place >> 6] |= once[place >> 6] & bit
            once[place >> 6] |= bit
        for i in range(n):
            place = keys[i] >> (64 - top)
            out[count] = (keys[i] & ~low) | <uint64_t>i
            count += twice[place >> 6] >> (place & 63) & 1
    free(once)
    return count


def bucket_pairs(
    const uint64_t[::1] entries, int bits, Py_ssize_t n, Py_ssize_t cap, Py_ssize_t hubs, bint neighbours,
):
    """Codes ``first * n + second`` of the pairs of every bucket, int64, and how many pairs large buckets left out. Members of
    a large one meet its first `hubs`, or the `hubs` before each.

    `entries`: sorted, the key above `bits` bits of article; repeats are passed over.
    """
    cdef Py_ssize_t e = entries.shape[0], a, z, i, j, begin, size, made = 0, count = 0, dropped = 0, longest = 0
    cdef uint64_t low = (<uint64_t>1 << bits) - 1
    cdef int64_t[::1] codes
    cdef int64_t* members
    with nogil:
        a = 0
        while a < e:
            z, size = a + 1, 1
            while z < e and entries[z] >> bits == entries[a] >> bits:
                size += entries[z] != entries[z - 1]
                z += 1
            made = size * (size - 1) // 2
            if size > max(cap, hubs):  # among so few, pairs with the hubs are all pairs
                dropped += made
                made = size * hubs - hubs * (hubs + 1) // 2
                dropped -= made
            count += made
            longest = max(longest, size)
            a = z
    out = np.empty(count, np.int64)
    if count == 0:
        return out, dropped
    codes = out
    members = <int64_t*>malloc(longest * sizeof(int64_t))
    if members == NULL:
        raise MemoryError
    with nogil:
        a, count = 0, 0
        while a < e:
            members[0] = entries[a] & low
            z, size = a + 1, 1
            while z < e and entries[z] >> bits == entries[a] >> bits:
                if entries[z] != entries[z - 1]:
                    members[size] = entries[z] & low
                    size += 1
                z += 1
            for j in range(1, size):
                made = min(j, hubs) if size > cap else j
                begin = j - made if neighbours else 0
                for i in range(begin, begin + made):
                    codes[count] = members[i] * n + members[j]
                    count += 1
            a = z
    free(members)
    return out, dropped


def bucket_bounds(
    const uint64_t[::1] entries, const uint64_t[::1] keys, Py_ssize_t most, int64_t[::1] starts, int64_t[::1] counts
):
    """Of ascending keys where their last `most` entries begin, and how many these are; entries have the key above 32 bits.
    Walks both side by side, by leaps that grow where keys are far apart."""
    cdef Py_ssize_t i, low, high, middle, step, at = 0, e = entries.shape[0]
    cdef uint64_t wanted
    with nogil:
        for i in range(keys.shape[0]):
            wanted = keys[i] << 32
            low, step = at, 1
            while low + step < e and entries[low + step] < wanted:
                low += step
                step *= 2
            high = min(low + step, e)
            while low < high:  # the first entry that is not below
                middle = (low + high) // 2
                if entries[middle] < wanted:
                    low = middle + 1
                else:
                    high = middle
            at = low
            while at < e and entries[at] >> 32 == keys[i]:
                at += 1
            counts[i] = min(at - low, most)
            starts[i] = at - counts[i]


cdef int _ascending_numbers(const void* a, const void* b) noexcept nogil:
    cdef uint32_t one = (<const uint32_t*>a)[0], other = (<const uint32_t*>b)[0]
    return (one > other) - (one < other)


cdef inline Py_ssize_t one_each(uint32_t* numbers, Py_ssize_t count) noexcept nogil:
    """Sort numbers in place, each once; how many are left."""
    cdef Py_ssize_t i = 1, kept = 0
    while i < count and numbers[i - 1] < numbers[i]:
        i += 1
    if i >= count:
        return count  # as they mostly are: what comes later has the larger numbers
    qsort(numbers, count, sizeof(uint32_t), _ascending_numbers)
    for i in range(count):
        if not kept or numbers[i] != numbers[kept - 1]:
            numbers[kept] = numbers[i]
            kept += 1
    return kept


def shared_keys(
    list parts, const uint64_t[::1] codes, const int64_t[::1] own, uint64_t lowest, Py_ssize_t most, Py_ssize_t cap,
    Py_ssize_t hubs,
):
    """Codes of rows above the numbers that share a key with them, once a shared key: key by key, row by row."""
    cdef Py_ssize_t e = codes.shape[0], p = len(parts), i = 0, j, k, low, high, middle, step, size
    cdef Py_ssize_t room = 1 << 12, made = 0, space = 2 * e + 1
    cdef const uint64_t[::1] part
    cdef const uint64_t** entries = <const uint64_t**>malloc((p + 1) * sizeof(void*))
    cdef Py_ssize_t* lengths = <Py_ssize_t*>malloc((p + 1) * sizeof(Py_ssize_t))
    cdef Py_ssize_t* at = <Py_ssize_t*>calloc(p + 1, sizeof(Py_ssize_t))
    cdef uint32_t* held = <uint32_t*>malloc(room * sizeof(uint32_t))  # the numbers of a key
    cdef int64_t* found = <int64_t*>malloc(space * sizeof(int64_t))
    cdef uint64_t wanted, bound
    cdef uint32_t row
    cdef void* larger
    cdef int64_t[::1] copy
    cdef bint whole = entries != NULL and lengths != NULL and at != NULL and held != NULL and found != NULL
    if whole:
        for k in range(p):
            part = parts[k]
            lengths[k], entries[k] = part.shape[0], NULL
            if lengths[k]:
                entries[k] = &part[0]
    with nogil:
        while whole and i < e:
            wanted = codes[i] >> 32
            bound, size = wanted << 32, 0
            for k in range(p):
                low, step = at[k], 8
                while step == 8 and low + 8 <= lengths[k]:  # without a branch for each: keys are mostly near
                    step = 0
                    for j in range(8):
                        step += entries[k][low + j] < bound
                    low += step
                    if low - at[k] > 64:
                        break
                if step == 8:
                    step = 1
                    while low + step < lengths[k] and entries[k][low + step] < bound:
                        low += step
                        step *= 2
                    high = min(low + step, lengths[k])
                    while low < high:  # the first entry that is not below
                        middle = (low + high) // 2
                        if entries[k][middle] < bound:
                            low = middle + 1
                        else:
                            high = middle
                high = low
                while high < lengths[k] and entries[k][high] >> 32 == wanted:
                    high += 1
                at[k] = high
                low = max(low, high - most)
                if size + high - low > room:
                    room = 2 * (size + high - low)
                    larger = realloc(held, room * sizeof(uint32_t))
                    if larger == NULL:
                        whole = False
                        break
                    held = <uint32_t*>larger
                for j in range(low, high):
                    if <uint32_t>entries[k][j] >= lowest:
                        held[size] = <uint32_t>entries[k][j]
                        size += 1
            if not whole:
                break
            size = one_each(held, size)
            if size > cap and size > 2 * hubs:
                memmove(held + hubs, held + size - hubs, hubs * sizeof(uint32_t))
                size = 2 * hubs
            while i < e and codes[i] >> 32 == wanted:
                row = <uint32_t>codes[i]
                if made + size > space:
                    space = 2 * (made + size)
                    larger = realloc(found, space * sizeof(int64_t))
                    if larger == NULL:
                        whole = False
                        break
                    found = <int64_t*>larger
                for j in range(size):
                    found[made] = <int64_t>row << 32 | held[j]
                    made += held[j] != own[row]
                i += 1
    out = np.empty(made if whole else 0, np.int64)
    if whole and made:
        copy = out
        memcpy(&copy[0], found, made * sizeof(int64_t))
    free(entries); free(lengths); free(at); free(held); free(found)
    if not whole:
        raise MemoryError
    return out


def merge_entries(
    const uint64_t[::1] first, const uint64_t[::1] second, Py_ssize_t hubs, Py_ssize_t most, uint64_t kept,
    uint64_t[::1] out,
):
    """Two ascending arrays of entries as one, each entry once, and of a key (above 32 bits) at most `most`, the first
    `hubs` and the last, but all of entries below `kept`; gives their number."""
    cdef Py_ssize_t i = 0, j = 0, n = first.shape[0], m = second.shape[0], count = 0, start = 0, gone
    cdef uint64_t entry
    with nogil:
        while i < n or j < m:
            if j == m or (i < n and first[i] <= second[j]):
                entry = first[i]
                i += 1
            else:
                entry = second[j]
                j += 1
            if count and entry == out[count - 1]:
                continue
            if count and entry >> 32 != out[count - 1] >> 32:
                gone = count - start - most
                if gone > 0 and out[start] >= kept:
                    memmove(&out[start + hubs], &out[start + hubs + gone], (most - hubs) * sizeof(uint64_t))
                    count -= gone
                start = count
            out[count] = entry
            count += 1
        gone = count - start - most
        if gone > 0 and out[start] >= kept:
            memmove(&out[start + hubs], &out[start + hubs + gone], (most - hubs) * sizeof(uint64_t))
            count -= gone
    return count


def likely_codes(
    const uint16_t[:, ::1] slots, const int64_t[::1] codes, int64_t n, const double[::1] first, const double[::1] last,
    double near, double farthest, int least, int least_far, int64_t[::1] out,
):
    """The codes ``first * n + second`` of pairs of rows that have `least` equal slots, `least_far` where more than `near`
    lies between the last moment of one and the first of the other, none where more than `farthest` does; gives their number."""
    cdef Py_ssize_t p, j, k = slots.shape[1], count = 0, m = 0
    cdef const uint16_t* a
    cdef const uint16_t* b
    cdef uint16_t same
    cdef int64_t i, o
    with nogil:
        for p in range(codes.shape[0]):  # slots of pairs that are too far apart are not even fetched
            i, o = codes[p] // n, codes[p] % n
            out[m] = codes[p]
            m += not (first[i] - last[o] > farthest or first[o] - last[i] > farthest)
        for p in range(m):
            if p + AHEAD < m:
                a, b = &slots[out[p + AHEAD] // n, 0], &slots[out[p + AHEAD] % n, 0]
                for j in range(0, k, 32):  # a cache line holds 32 slots
                    fetch_early(a + j)
                    fetch_early(b + j)
            i, o = out[p] // n, out[p] % n
            a, b = &slots[i, 0], &slots[o, 0]
            same = 0
            for j in range(k):
                same += a[j] == b[j]
            out[count] = out[p]
            count += same >= (least_far if first[i] - last[o] > near or first[o] - last[i] > near else least)
    return count


def frequent_codes(
    const int64_t[::1] codes, int64_t n, const int64_t[::1] held, double share, int64_t[::1] out
):
    """Of sorted codes those that are there often enough, each once, in place of the first ones; gives their number."""
    cdef Py_ssize_t p = 0, first, count = 0, m = codes.shape[0]
    with nogil:
        while p < m:
            first = p
            while p < m and codes[p] == codes[first]:
                p += 1
            if p - first >= share * min(held[codes[first] // n], held[codes[first] % n]):
                out[count] = codes[first]
                count += 1
    return count


def set_bitmaps(
    const uint64_t[::1] values, const int64_t[::1] offsets, const int64_t[::1] to, uint64_t[::1] out,
):
    """Of rows of hashes their bitmaps, ``out[to[i]:to[i + 1]]``: a power of two of words, all 0 before."""
    cdef Py_ssize_t i, j
    cdef uint64_t bit, mask
    with nogil:
        for i in range(offsets.shape[0] - 1):
            mask = 64 * <uint64_t>(to[i + 1] - to[i]) - 1
            for j in range(offsets[i], offsets[i + 1]):
                bit = (values[j] >> BITMAP_SHIFT) & mask
                out[to[i] + <Py_ssize_t>(bit >> 6)] |= <uint64_t>1 << (bit & 63)


def possible_codes(
    const uint64_t[::1] maps, const int64_t[::1] to, const int32_t[::1] counts, const int64_t[::1] codes, double least,
    int64_t[::1] out,
):
    """The codes ``first * n + second`` of pairs of rows whose bitmaps do not rule out that one holds `least` of the other; gives
    their number. `counts`: members of each row, repeats too."""
    cdef Py_ssize_t p, j, large, small, count = 0, m = codes.shape[0]
    cdef int64_t n = counts.shape[0], i, o, ours, theirs
    cdef const uint64_t* a
    cdef const uint64_t* b
    cdef WideBits shared
    with nogil:
        for p in range(m):
            if p + AHEAD < m:
                i, o = codes[p + AHEAD] // n, codes[p + AHEAD] % n
                for j in range(to[i], to[i + 1], 8):  # a cache line holds 8 words
                    fetch_early(&maps[j])
                for j in range(to[o], to[o + 1], 8):
                    fetch_early(&maps[j])
            i, o = codes[p] // n, codes[p] % n
            if to[i + 1] - to[i] < to[o + 1] - to[o]:
                i, o = o, i
            large, small = to[i + 1] - to[i], to[o + 1] - to[o]
            out[count] = codes[p]
            if large >= CROWDED * small:  # hardly a bit of the smaller one is free in the larger
                count += 1
                continue
            a, b = &maps[to[i]], &maps[to[o]]
            shared = wide_bits(a, b, small, large)
            ours, theirs = counts[i] - (shared.ours - shared.both), counts[o] - (shared.theirs - shared.both)
            count += <double>ours / counts[i] >= least or <double>theirs / counts[o] >= least
    return count


# --- similarity

cdef inline Py_ssize_t find(
    const uint64_t* keys, const int32_t* first, Py_ssize_t mask, uint64_t key
) noexcept nogil:
    """The cell that holds `key`, or the empty one where it would stand; a cell is empty where `first` is -1."""
    cdef Py_ssize_t at = <Py_ssize_t>(key >> 20) & mask
    while first[at] >= 0 and keys[at] != key:
        at = (at + 1) & mask
    return at


cdef inline Py_ssize_t mask_for(Py_ssize_t count) noexcept nogil:
    """One below the cells of a table for so many values."""
    cdef Py_ssize_t mask = 7
    while mask < 2 * count:
        mask = 2 * mask + 1
    return mask


cdef inline Py_ssize_t needed(double least, int64_t size) noexcept nogil:
    """The fewest members whose share of so many is `least`."""
    cdef Py_ssize_t count = <Py_ssize_t>(least * <double>size)
    while <double>count / <double>max(size, 1) < least:
        count += 1
    while count > 0 and <double>(count - 1) / <double>max(size, 1) >= least:
        count -= 1
    return count


cdef struct Row:  # the one that others are held against
    const uint64_t* values
    int32_t* first  # a hash table: the place where a value stands first, -1 in a free cell
    uint8_t* is_new  # whether a value stands at a place first; one more, which is 0
    uint32_t* seen  # by place, when the value that stands there first was met last
    uint32_t turn
    Py_ssize_t count
    Py_ssize_t mask


cdef inline bint reserve_row(Row* row, Py_ssize_t most) noexcept nogil:
    """Make room for rows of so many values; False where there is none, and what there is must be released."""
    row.first = <int32_t*>malloc((mask_for(2 * most) + 1) * sizeof(int32_t))
    row.is_new = <uint8_t*>malloc((most + 1) * sizeof(uint8_t))
    row.seen = <uint32_t*>malloc((most + 1) * sizeof(uint32_t))
    return row.first != NULL and row.is_new != NULL and row.seen != NULL


cdef inline void release_row(Row* row) noexcept nogil:
    free(row.first); free(row.is_new); free(row.seen)


cdef inline Py_ssize_t value_cell(const Row* row, uint64_t value) noexcept nogil:
    """The cell of a value, or the free one where it would stand."""
    cdef Py_ssize_t at = <Py_ssize_t>(value >> 20) & row.mask
    while row.first[at] >= 0 and row.values[row.first[at]] != value:
        at = (at + 1) & row.mask
    return at


cdef inline int64_t fill_row(Row* row, const uint64_t* values, Py_ssize_t count, Py_ssize_t head, int64_t* heads) noexcept nogil:
    """Take up a row; gives the number of its distinct values, and of those among the first `head`."""
    cdef Py_ssize_t j, at
    cdef int64_t distinct = 0
    row.values, row.count, row.mask, row.turn = values, count, mask_for(2 * count), 0
    memset(row.first, 0xFF, (row.mask + 1) * sizeof(int32_t))
    heads[0] = 0
    for j in range(count):
        at = value_cell(row, values[j])
        row.is_new[j] = row.first[at] < 0
        if row.is_new[j]:
            row.first[at] = <int32_t>j
            distinct += 1
            heads[0] += j < head
    row.is_new[count] = 0
    memset(row.seen, 0, count * sizeof(uint32_t))
    return distinct


cdef inline void share(
    Row* row, const uint64_t* other, Py_ssize_t length, Py_ssize_t head, Py_ssize_t late, Py_ssize_t least,
    int64_t* shared, int64_t* opened
) noexcept nogil:
    """What a row has in common with another one; nothing where that is below `least`.

    Texts that are alike go side by side: a value is looked for behind the last one that was found, and in the table only where
    it does not stand there."""
    cdef Py_ssize_t j, place = -1, expected = 0, spare = length - least, begun = late, ours = late
    cdef int64_t both = 0, opens = 0, other_opens = 0
    shared[0] = opened[0] = opened[1] = 0
    row.turn += 1
    for j in range(length):
        place = expected
        if not (row.is_new[place] and row.values[place] == other[j]):
            place = row.first[value_cell(row, other[j])]
        if place >= 0:
            expected = place + 1
        else:
            expected += expected < row.count
        if place >= 0 and row.seen[place] != row.turn:
            row.seen[place] = row.turn
            both += 1
            opens += place < head
            other_opens += j < head
            begun = min(begun, place)
            ours = min(ours, j)
        else:
            spare -= 1
            if spare < 0:  # what is left is too little
                return
    shared[0] = both
    if begun < late:
        opened[0] = opens
    if ours < late:
        opened[1] = other_opens


def overlaps(
    const uint64_t[::1] values, const int64_t[::1] offsets, const int64_t[:, ::1] pairs, Py_ssize_t head, Py_ssize_t late,
    double least, int64_t[::1] sizes, int64_t[::1] heads, int64_t[::1] shared, int64_t[:, ::1] opened,
):
    """Distinct members of each row and of its first `head`; of each pair what both hold, and of either's head."""
    cdef Py_ssize_t n = offsets.shape[0] - 1, m = pairs.shape[0], i, o, p, longest = 0, held = -1
    cdef bint ascending = True
    cdef Row row
    for i in range(n):
        longest = max(longest, offsets[i + 1] - offsets[i])
    if not reserve_row(&row, longest):
        release_row(&row)
        raise MemoryError
    with nogil:
        for p in range(m):
            ascending &= pairs[p, 0] <= pairs[p, 1] and (p == 0 or pairs[p - 1, 0] <= pairs[p, 0])
        p = m - 1
        # From the last row to the first: of ascending pairs the second is then known, and no table is made twice.
        for i in range(n - 1, -1, -1):
            sizes[i] = fill_row(&row, &values[0] + offsets[i], offsets[i + 1] - offsets[i], head, &heads[i])
            if not ascending or p < 0 or pairs[p, 0] != i:
                continue
            while p >= 0 and pairs[p, 0] == i:
                o = pairs[p, 1]
                share(
                    &row, &values[0] + offsets[o], offsets[o + 1] - offsets[o], head, late,
                    needed(least, min(sizes[i], sizes[o])), &shared[p], &opened[p, 0],
                )
                p -= 1
        for p in range(m):
            if ascending:
                break
            i, o = pairs[p, 0], pairs[p, 1]
            if i != held:
                fill_row(&row, &values[0] + offsets[i], offsets[i + 1] - offsets[i], head, &heads[i])
                held = i
            share(
                &row, &values[0] + offsets[o], offsets[o + 1] - offsets[o], head, late,
                needed(least, min(sizes[i], sizes[o])), &shared[p], &opened[p, 0],
            )
    release_row(&row)


def words_missing(
    const uint64_t[::1] hashes, const int64_t[::1] offsets, const int64_t[:, ::1] pairs, Py_ssize_t passage,
    int64_t[:, ::1] out,
):
    """Of each pair, the words of the first row that the second lacks: in all, and most in any `passage` in a row."""
    cdef Py_ssize_t m = pairs.shape[0], p, j, longest = 0, length
    cdef int64_t held = -1, lacked, here, most
    cdef uint8_t* lacks
    cdef Row other
    cdef const uint64_t* row
    for p in range(m):
        for j in range(2):
            longest = max(longest, offsets[pairs[p, j] + 1] - offsets[pairs[p, j]])
    lacks = <uint8_t*>malloc(longest + 1)
    if not reserve_row(&other, longest) or lacks == NULL:
        release_row(&other); free(lacks)
        raise MemoryError
    with nogil:
        for p in range(m):
            if pairs[p, 1] != held:
                held = pairs[p, 1]
                fill_row(&other, &hashes[0] + offsets[held], offsets[held + 1] - offsets[held], 0, &lacked)
            row = &hashes[0] + offsets[pairs[p, 0]]
            length = offsets[pairs[p, 0] + 1] - offsets[pairs[p, 0]]
            lacked = here = most = 0
            for j in range(length):
                lacks[j] = other.first[value_cell(&other, row[j])] < 0
                lacked += lacks[j]
                here += lacks[j]
                if j >= passage:
                    here -= lacks[j - passage]
                most = max(most, here)
            out[0, p], out[1, p] = lacked, most
    release_row(&other); free(lacks)


cdef inline uint32_t meaning_of(
    uint64_t word, const uint32_t* keys, const uint32_t* meanings, const int32_t* starts, uint32_t unknown
) noexcept nogil:
    """Kind of a word, and below it the value of a number or date, else its signature."""
    cdef uint32_t signature = word & 0xFFFF, key = <uint32_t>(word >> 32), kind = UNKNOWN
    cdef Py_ssize_t at
    if signature & 1:
        return (NEUTRAL if signature == UNSURE else NUMBER) << 16 | signature
    for at in range(starts[word >> 50], starts[(word >> 50) + 1]):
        if keys[at] == key:
            kind = meanings[at] >> 16
            if kind == NAME or kind == NUMBER or kind == DATE or kind == OPPOSITE or kind == NEGATION:
                return meanings[at]
            break
    if kind == UNKNOWN and (unknown != UNKNOWN or not signature & ARABIC):
        kind = COMMON
    return kind << 16 | signature


cdef inline bint spelt_alike(uint32_t a, uint32_t b) noexcept nogil:
    cdef int both, other
    cdef uint32_t kind = a >> 16, other_kind = b >> 16
    if not a & b & ARABIC:
        return False
    other = ones((a ^ b) & 0x7FFF)
    if other > 2:
        return False
    both = ones(a & b & 0x7FFF)
    if (kind == UNKNOWN or kind == USUAL) and (other_kind == UNKNOWN or other_kind == USUAL):
        return other <= (2 if both >= 6 else 1 if ones(a & b & 0x7FFF & ~<uint32_t>ARTICLE) >= 4 else 0)
    return other <= (2 if both >= 4 else 1 if both >= 1 else 0)


cdef inline bint same_letters(uint64_t a, uint64_t b, int least) noexcept nogil:
    """Whether two words have the same consonants, `least` classes or more, but for those of clitics."""
    if not a & b & ARABIC or a & 1 or b & 1:
        return False
    return (a ^ b) & 0x7FFF & ~<uint64_t>CLITIC_CLASSES == 0 and ones(<uint32_t>(a & b & 0x7FFF & ~<uint64_t>CLITIC_CLASSES)) >= least


cdef inline bint one_word(uint64_t word, uint32_t meaning, uint64_t other_word, uint32_t other) noexcept nogil:
    """Whether two words say the same: one word, one number, or one word in two spellings."""
    cdef uint32_t kind = meaning >> 16, other_kind = other >> 16
    if word == other_word:
        return True
    if kind == NUMBER or kind == DATE or other_kind == NUMBER or other_kind == DATE or (
        kind == NAME and other_kind == NAME
    ) or kind == OPPOSITE or other_kind == OPPOSITE or kind == NEGATION or other_kind == NEGATION:
        return meaning == other
    if kind == NAME or other_kind == NAME:
        return same_letters(word, other_word, LETTERS)
    return spelt_alike(meaning, other)


cdef int align(
    const uint64_t* a, Py_ssize_t n, const uint64_t* b, Py_ssize_t m, int32_t* trace, uint8_t* left, uint8_t* put
) noexcept nogil:
    """Mark the words of a that are left out in b, and those of b that are put in: fewest in all, by Myers' greedy algorithm.

    Gives their number, or -1 where they are more than `EDITS`. `trace`: room for (EDITS + 1) * (2 * EDITS + 3).
    """
    cdef Py_ssize_t x, y, before
    cdef int d, k, low, high, gap, best = -1, width = 2 * EDITS + 3, middle = EDITS + 1
    cdef int32_t* row = trace
    cdef int32_t* last
    if n - m > EDITS or m - n > EDITS:
        return -1
    gap = <int>(n - m)
    for d in range(EDITS + 1):
        row = trace + d * width
        last = row - width
        # Diagonals from which the last one, `gap`, is still in reach: what these ask of others is in reach as well.
        low, high = max(-d, gap - (EDITS - d)), min(d, gap + (EDITS - d))
        low += (low ^ d) & 1
        for k in range(low, high + 1, 2):
            if d == 0:
                x = 0
            elif k == -d or (k != d and last[middle + k - 1] < last[middle + k + 1]):
                x = last[middle + k + 1]
            else:
                x = last[middle + k - 1] + 1
            y = x - k
            while x < n and y < m and a[x] == b[y]:
                x += 1
                y += 1
            row[middle + k] = <int32_t>x
            if x >= n and y >= m:
                best = d
                break
        if best >= 0:
            break
    if best < 0:
        return -1
    memset(left, 0, n)
    memset(put, 0, m)
    x, y = n, m
    for d in range(best, 0, -1):
        last = trace + (d - 1) * width
        k = <int>(x - y)
        if k == -d or (k != d and last[middle + k - 1] < last[middle + k + 1]):
            before = last[middle + k + 1]
            y = before - k - 1
            put[y] = 1
            x = before
        else:
            before = last[middle + k - 1]
            x = before
            y = x - k + 1
            left[x] = 1
    return best


cdef struct Run:
    # A stretch that differs: words start to stop of either text.
    int32_t start[2]
    int32_t stop[2]


cdef enum:
    IS_NUMBER = 1  # what a word states: only like can differ from like
    IS_TIME = 2
    IS_DAY = 4
    IS_MONTH = 8
    NEGATES = 1  # how a side of a run negates
    NEGATES_ALONE = 2
    HALF_NEGATES = 4

cdef struct Told:
    # What the words of one side of a run are, and the first of them.
    Py_ssize_t words
    uint32_t stated
    bint digits
    bint spelt
    bint name
    bint subject
    uint32_t signature
    uint64_t word[SLOT]
    uint32_t meaning[SLOT]


cdef struct Text:
    # The words of a text, and their meanings once they are asked for.
    const uint64_t* words
    Py_ssize_t count
    uint32_t* meanings
    bint known


cdef inline uint32_t negates(uint32_t meaning) noexcept nogil:
    if meaning >> 16 != NEGATION:
        return 0
    return NEGATES if meaning & 0xFFFF == 0 else NEGATES_ALONE if meaning & 0xFFFF == LONE else HALF_NEGATES


cdef inline void tell(Told* side, uint64_t word, uint32_t meaning, bint placed) noexcept nogil:
    cdef uint32_t kind = meaning >> 16
    if placed and kind == COMMON:  # a common word that names a place
        kind = USUAL
        meaning = USUAL << 16 | (meaning & 0xFFFF)
    if side.words < SLOT:
        side.word[side.words] = word
        side.meaning[side.words] = meaning
    side.words += 1
    if kind == NUMBER:
        side.stated |= IS_NUMBER if meaning & 1 else IS_TIME
    elif kind == DATE:
        side.stated |= IS_MONTH if meaning & 0xFFFF >= MONTHS else IS_DAY
    side.digits |= kind == NUMBER and (word & 1) == 1
    side.spelt |= kind == NUMBER and (word & 1) == 0
    side.name |= kind == NAME
    side.subject |= kind == NAME or kind == UNKNOWN or kind == USUAL
    side.signature |= word & 0xFFFF


cdef void understand(
    Text* text, const uint32_t* keys, const uint32_t* meanings, const int32_t* starts, uint32_t unknown
) noexcept nogil:
    """Look the meanings of a text's words up, once."""
    cdef Py_ssize_t i
    if not text.known:
        for i in range(text.count):
            text.meanings[i] = meaning_of(text.words[i], keys, meanings, starts, unknown)
        text.known = True


cdef inline bint is_own(
    uint64_t word, uint32_t meaning, Text* other, const uint32_t* keys, const uint32_t* meanings, const int32_t* starts,
    uint32_t unknown
) noexcept nogil:
    """Whether a word names something that another text does not, in no spelling."""
    cdef Py_ssize_t i
    if meaning >> 16 == NAME:
        understand(other, keys, meanings, starts, unknown)
        for i in range(other.count):
            if other.meanings[i] == meaning:
                return False
        return True
    if meaning >> 16 != UNKNOWN and meaning >> 16 != USUAL:
        return False
    for i in range(other.count):
        if other.words[i] == word or same_letters(word, other.words[i], ELSEWHERE):
            return False
    return True


cdef bint nearly_said(uint64_t word, uint32_t meaning, const Told* slot) noexcept nogil:
    """Whether a word that is no listed name stands in the other text's slot, nearly alike or in two pieces."""
    cdef Py_ssize_t i
    cdef int shared, differing
    cdef uint32_t other
    cdef uint64_t both
    if meaning >> 16 == NAME or word & 1 or not word & ARABIC:
        return False
    for i in range(slot.words):
        if slot.word[i] & 1 or not slot.word[i] & ARABIC:
            continue
        other = <uint32_t>((word ^ slot.word[i]) & 0x7FFF)
        both = word & slot.word[i] & 0x7FFF
        shared = ones(<uint32_t>(both & ~<uint64_t>ARTICLE))
        differing = ones(other)
        if differing == 0 or (differing <= 2 and shared >= NEARLY):
            return True
        if not other & ~<uint32_t>FORM_CLASSES and (shared >= LETTERS or (differing <= 1 and ones(<uint32_t>both) >= LETTERS)):
            return True
    for i in range(slot.words - 1):
        both = slot.word[i] | slot.word[i + 1]
        if not both & 1 and (word ^ both) & 0x7FFF == 0:
            return True
    return False


cdef void tell_apart(
    const Told* ours, const Told* theirs, Text* a, Text* b, const uint32_t* keys, const uint32_t* meanings,
    const int32_t* starts, uint32_t unknown, bint placed, int64_t* out
) noexcept nogil:
    """Add a run to those in which each text names something else, by lists or by words that are not known."""
    cdef Py_ssize_t i, j
    cdef uint32_t classes = 0, others = 0
    cdef bint own = False, other = False, sure = placed, other_sure = placed, listed = False, apart = False, opposite = False
    if ours.words > SLOT or theirs.words > SLOT or ours.words == 0 or theirs.words == 0:
        return
    for i in range(ours.words if max(ours.words, theirs.words) <= PLACE else 0):
        if ours.meaning[i] >> 16 == OPPOSITE:
            for j in range(theirs.words):
                opposite |= theirs.meaning[j] == ours.meaning[i] ^ 1
    if not opposite:
        if not (ours.subject and theirs.subject):
            return
        for i in range(ours.words):
            if is_own(ours.word[i], ours.meaning[i], b, keys, meanings, starts, unknown) and not nearly_said(ours.word[i], ours.meaning[i], theirs):
                own = True
                sure |= ours.meaning[i] >> 16 != USUAL
                listed |= ours.meaning[i] >> 16 == NAME
                if ours.meaning[i] >> 16 == NAME:
                    classes |= 1 << ((ours.meaning[i] & 0xFFFF) >> NAME_BITS)
        if not own:
            return
        for j in range(theirs.words):
            if is_own(theirs.word[j], theirs.meaning[j], a, keys, meanings, starts, unknown) and not nearly_said(theirs.word[j], theirs.meaning[j], ours):
                other = True
                other_sure |= theirs.meaning[j] >> 16 != USUAL
                listed |= theirs.meaning[j] >> 16 == NAME
                if theirs.meaning[j] >> 16 == NAME:
                    others |= 1 << ((theirs.meaning[j] & 0xFFFF) >> NAME_BITS)
        apart = classes & others != 0
    if opposite:
        out[6] += 2
    elif apart:
        out[6] += 1
    elif own and other and (listed or (sure and other_sure)):
        out[7] += 1
        out[8] += placed


cdef inline bint joined(Py_ssize_t n, uint32_t ours, Py_ssize_t m, uint32_t theirs) noexcept nogil:
    """Whether one side, of so many words and with these letters, has the other's words in fewer pieces; none with digits."""
    return n > 0 and m > 0 and n != m and max(n, m) <= PIECES and ours == theirs and not ours & 1


cdef inline bint written_out(const Told* ours, const Told* theirs, bint has_parts) noexcept nogil:
    """Whether one side has its numbers in digits and the other in words, and these may be the same ones."""
    if not (
        (ours.digits and not ours.spelt and theirs.spelt and not theirs.digits)
        or (ours.spelt and not ours.digits and theirs.digits and not theirs.spelt)
    ):
        return False
    return has_parts or ours.words != theirs.words or ours.words > PLACE


cdef void judge(
    const Run* run, Text* first_text, Text* second_text, const uint32_t* keys, const uint32_t* meanings,
    const int32_t* starts, uint32_t unknown, uint32_t* others, int64_t* out
) noexcept nogil:
    """Add a run to facts, dates, names, subjects or edits, and to what tells apart. `others`: room for the words of one side."""
    cdef const uint64_t* a = first_text.words
    cdef const uint64_t* b = second_text.words
    cdef Py_ssize_t n = run.stop[0] - run.start[0], m = run.stop[1] - run.start[1], i, j, longest
    cdef uint32_t meaning, first = 0, second = 0, denied = 0, other_denied = 0
    cdef bint placed = run.start[0] > 0 and (
        meaning_of(a[run.start[0] - 1], keys, meanings, starts, unknown) >> 16 == MARKER
    )
    cdef bint has_parts = False
    cdef Told ours, theirs
    for i in range(n):
        first |= a[run.start[0] + i] & 0xFFFF
    for j in range(m):
        second |= b[run.start[1] + j] & 0xFFFF
    if joined(n, first, m, second):
        return
    memset(&ours, 0, sizeof(Told))
    memset(&theirs, 0, sizeof(Told))
    for j in range(m):
        others[j] = meaning_of(b[run.start[1] + j], keys, meanings, starts, unknown)
        other_denied |= negates(others[j])
    for i in range(n):
        meaning = meaning_of(a[run.start[0] + i], keys, meanings, starts, unknown)
        denied |= negates(meaning)
        if meaning >> 16 == NEUTRAL:
            has_parts = True
            continue
        for j in range(m):
            if others[j] and one_word(a[run.start[0] + i], meaning, b[run.start[1] + j], others[j]):
                others[j] = 0
                break
        else:
            tell(&ours, a[run.start[0] + i], meaning, placed)
    for j in range(m):
        if others[j] >> 16 == NEUTRAL:
            has_parts = True
        elif others[j]:
            tell(&theirs, b[run.start[1] + j], others[j], placed)
    longest = max(ours.words, theirs.words)
    if longest == 0:
        return
    if ours.stated & theirs.stated:
        if not ours.stated & theirs.stated & (IS_DAY | IS_MONTH) and written_out(&ours, &theirs, has_parts):
            return
        out[0] += 1
        out[1] += ours.stated & theirs.stated & (IS_DAY | IS_MONTH) != 0
    elif joined(ours.words, ours.signature, theirs.words, theirs.signature):
        return
    elif longest > SLOT or not (ours.subject and theirs.subject):
        out[4] += 1 + longest // 8
    elif ours.name and theirs.name:
        out[2] += 1
    else:
        out[3] += 1
    if (denied == 0) != (other_denied == 0):  # one side alone
        if ours.words and theirs.words:
            out[8] += longest <= DENIED and (denied | other_denied) & NEGATES != 0
        else:  # the negation by itself
            out[8] += longest == 1 and (denied | other_denied) & (NEGATES | NEGATES_ALONE) != 0
    tell_apart(&ours, &theirs, first_text, second_text, keys, meanings, starts, unknown, placed, out)


cdef inline Py_ssize_t numbers_of(const uint64_t* words, Py_ssize_t n, uint16_t* numbers) noexcept nogil:
    """The signatures of words with one number; gives how many there are."""
    cdef Py_ssize_t i, count = 0
    for i in range(n):
        numbers[count] = <uint16_t>words[i]
        count += words[i] & 1 & (<uint16_t>words[i] != UNSURE)
    return count


cdef int64_t own_numbers(const uint16_t* a, Py_ssize_t n, const uint16_t* b, Py_ssize_t m) noexcept nogil:
    """Numbers of a that b has not."""
    cdef Py_ssize_t i, j
    cdef int64_t count = 0
    for i in range(n):
        for j in range(m):
            if b[j] == a[i]:
                break
        else:
            count += 1
    return count


def differences(
    const uint64_t[::1] values, const int64_t[::1] offsets, const int64_t[:, ::1] pairs, const uint32_t[::1] keys,
    const uint32_t[::1] meanings, const int32_t[::1] starts, uint32_t unknown, int64_t[:, ::1] out,
):
    """Of pairs of rows of words: how many of the runs that differ are facts, of these dates, names, subjects, and edits; and
    how many numbers either has for itself; in how many runs each names something else; and how many leave it in doubt whether
    both report one thing."""
    cdef Py_ssize_t n, m, i, j, p, longest = 1, count
    cdef const uint64_t* a
    cdef const uint64_t* b
    cdef int32_t* trace
    cdef uint8_t* marks
    cdef uint16_t* numbers
    cdef uint32_t* words
    cdef Run* runs
    cdef Run* last
    cdef uint32_t* known
    cdef Text[2] texts
    for i in range(offsets.shape[0] - 1):
        longest = max(longest, offsets[i + 1] - offsets[i])
    trace = <int32_t*>malloc((EDITS + 1) * (2 * EDITS + 3) * sizeof(int32_t))
    marks = <uint8_t*>malloc(2 * (longest + 1))
    numbers = <uint16_t*>malloc(2 * (longest + 1) * sizeof(uint16_t))
    words = <uint32_t*>malloc((2 * EDITS + 2) * sizeof(uint32_t))
    runs = <Run*>malloc((EDITS + 1) * sizeof(Run))
    known = <uint32_t*>malloc(2 * (longest + 1) * sizeof(uint32_t))
    if trace == NULL or marks == NULL or numbers == NULL or words == NULL or runs == NULL or known == NULL:
        free(trace); free(marks); free(numbers); free(words); free(runs); free(known)
        raise MemoryError
    with nogil:
        for p in range(pairs.shape[0]):
            a, b = &values[0] + offsets[pairs[p, 0]], &values[0] + offsets[pairs[p, 1]]
            n = offsets[pairs[p, 0] + 1] - offsets[pairs[p, 0]]
            m = offsets[pairs[p, 1] + 1] - offsets[pairs[p, 1]]
            out[p, 0] = out[p, 1] = out[p, 2] = out[p, 3] = out[p, 6] = out[p, 7] = out[p, 8] = 0
            texts[0].words, texts[0].count, texts[0].meanings, texts[0].known = a, n, known, False
            texts[1].words, texts[1].count, texts[1].meanings, texts[1].known = b, m, known + longest + 1, False
            i, j = numbers_of(a, n, numbers), numbers_of(b, m, numbers + longest + 1)
            out[p, 5] = min(
                own_numbers(numbers, i, numbers + longest + 1, j), own_numbers(numbers + longest + 1, j, numbers, i)
            )
            if align(a, n, b, m, trace, marks, marks + longest + 1) < 0:
                out[p, 4] = EDITS
                continue
            out[p, 4] = 0
            i, j, count = 0, 0, 0
            while i < n or j < m:
                if not ((i < n and marks[i]) or (j < m and marks[longest + 1 + j])):
                    i += 1
                    j += 1
                    continue
                runs[count].start[0], runs[count].start[1] = <int32_t>i, <int32_t>j
                while i < n and marks[i]:
                    i += 1
                while j < m and marks[longest + 1 + j]:
                    j += 1
                runs[count].stop[0], runs[count].stop[1] = <int32_t>i, <int32_t>j
                if count:
                    # Words that changed places leave a shared one between two runs of one side each.
                    last = runs + count - 1
                    if runs[count].start[0] - last.stop[0] == 1 and (
                        last.start[0] == last.stop[0] or last.start[1] == last.stop[1]
                        or runs[count].start[0] == i or runs[count].start[1] == j
                    ):
                        last.stop[0], last.stop[1] = <int32_t>i, <int32_t>j
                        continue
                count += 1
            for i in range(count):
                judge(runs + i, &texts[0], &texts[1], &keys[0], &meanings[0], &starts[0], unknown, words, &out[p, 0])
    free(trace); free(marks); free(numbers); free(words); free(runs); free(known)


# --- salience and events

def intern(const uint32_t[::1] values, uint32_t[::1] out):
    """The distinct values, ascending, and of each value its place among them."""
    cdef Py_ssize_t i, count = 0, n = values.shape[0], at, mask = 1023, wider
    cdef uint32_t* keys = <uint32_t*>malloc((mask + 1) * sizeof(uint32_t))
    cdef int32_t* place = <int32_t*>malloc((mask + 1) * sizeof(int32_t))
    cdef uint32_t* more_keys
    cdef int32_t* more_places
    cdef const uint32_t[::1] ascending
    cdef bint full = keys == NULL or place == NULL
    if not full:
        memset(place, 0xFF, (mask + 1) * sizeof(int32_t))
        with nogil:
            for i in range(n):
                at = spread(values[i]) & mask
                while place[at] >= 0 and keys[at] != values[i]:
                    at = (at + 1) & mask
                if place[at] >= 0:
                    continue
                place[at], keys[at] = 0, values[i]
                count += 1
                if 2 * count > mask:
                    wider = 4 * mask + 3
                    more_keys = <uint32_t*>malloc((wider + 1) * sizeof(uint32_t))
                    more_places = <int32_t*>malloc((wider + 1) * sizeof(int32_t))
                    if more_keys == NULL or more_places == NULL:
                        free(more_keys); free(more_places)
                        full = True
                        break
                    memset(more_places, 0xFF, (wider + 1) * sizeof(int32_t))
                    for at in range(mask + 1):
                        if place[at] >= 0:
                            move(more_keys, more_places, wider, keys[at])
                    free(keys); free(place)
                    keys, place, mask = more_keys, more_places, wider
    if full:
        free(keys); free(place)
        raise MemoryError
    distinct = np.empty(count, np.uint32)
    cdef uint32_t[::1] listed = distinct
    count = 0
    for at in range(mask + 1):
        if place[at] >= 0:
            listed[count] = keys[at]
            count += 1
    distinct.sort()
    ascending = distinct
    with nogil:
        for i in range(ascending.shape[0]):
            at = spread(ascending[i]) & mask
            while keys[at] != ascending[i] or place[at] < 0:
                at = (at + 1) & mask
            place[at] = <int32_t>i
        for i in range(n):
            at = spread(values[i]) & mask
            while keys[at] != values[i] or place[at] < 0:
                at = (at + 1) & mask
            out[i] = place[at]
    free(keys); free(place)
    return distinct


cdef inline Py_ssize_t spread(uint32_t value) noexcept nogil:
    return <Py_ssize_t>(<uint64_t>value * GAMMA >> 34)


cdef inline void move(uint32_t* keys, int32_t* place, Py_ssize_t mask, uint32_t value) noexcept nogil:
    cdef Py_ssize_t at = spread(value) & mask
    while place[at] >= 0:
        at = (at + 1) & mask
    place[at], keys[at] = 0, value


cdef inline void sort_columns(uint32_t* values, uint32_t* spare, Py_ssize_t count, uint32_t largest) noexcept nogil:
    """Least significant byte first; as many passes as the largest needs."""
    cdef Py_ssize_t places[256]
    cdef Py_ssize_t i, total, before
    cdef int shift = 0
    cdef uint32_t* other
    cdef uint32_t* home = values
    while largest >> shift:
        memset(places, 0, sizeof(places))
        for i in range(count):
            places[values[i] >> shift & 0xFF] += 1
        total = 0
        for i in range(256):
            before = places[i]
            places[i] = total
            total += before
        for i in range(count):
            spare[places[values[i] >> shift & 0xFF]] = values[i]
            places[values[i] >> shift & 0xFF] += 1
        other, values, spare = values, spare, values
        shift += 8
        if shift == 32:
            break
    if values != home:
        memcpy(home, values, count * sizeof(uint32_t))


def distinct_columns(
    const uint32_t[::1] tokens, const int64_t[::1] offsets, const uint32_t[::1] titles,
    const int64_t[::1] title_offsets, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t v, int64_t[::1] counts,
):
    """Distinct columns of rows `start` to `stop`, ascending in each, and their number in `counts`."""
    cdef Py_ssize_t i, j, count = 0, begin, room = (
        offsets[stop] - offsets[start] + title_offsets[stop] - title_offsets[start]
    )
    out, free_space, seen_rows = np.empty(room, np.uint32), np.empty(room + 1, np.uint32), np.full(v, -1, np.int32)
    cdef uint32_t[::1] columns = out, spare = free_space
    cdef int32_t[::1] seen = seen_rows
    cdef uint32_t largest = <uint32_t>max(v - 1, 0)
    with nogil:
        for i in range(start, stop):
            begin = count
            for j in range(offsets[i], offsets[i + 1]):
                if seen[tokens[j]] != i - start:
                    seen[tokens[j]] = <int32_t>(i - start)
                    columns[count] = tokens[j]
                    count += 1
            for j in range(title_offsets[i], title_offsets[i + 1]):
                if seen[titles[j]] != i - start:
                    seen[titles[j]] = <int32_t>(i - start)
                    columns[count] = titles[j]
                    count += 1
            counts[i - start] = count - begin
            if count > begin:
                sort_columns(&columns[begin], &spare[0], count - begin, largest)
    return out[:count]


def weigh_rows(
    const uint32_t[::1] tokens, const int64_t[::1] offsets, const uint32_t[::1] titles,
    const int64_t[::1] title_offsets, Py_ssize_t start, Py_ssize_t stop, const uint32_t[::1] columns,
    const int64_t[::1] column_offsets, const double[::1] near, double most, Py_ssize_t opening, Py_ssize_t lead,
    const double[::1] log_counts, const double[:, ::1] rarity, float[:, ::1] out, uint8_t[::1] places,
):
    """Weights of lead, body and title, float32 (3, columns of the rows), each row of each of length 1, and the places of
    stems: bits for title, opening (so many words, and the title) and lead (so many words, and the title).

    `rarity`: (3, v), already raised to the powers of lead, body and title.
    """
    cdef Py_ssize_t i, j, e, x, first, last, base, longest = 0, v = rarity.shape[1]
    for i in range(start, stop):
        longest = max(longest, column_offsets[i + 1] - column_offsets[i])
    place_of, sums, weights = np.empty(v, np.uint32), np.empty((3, longest + 1)), np.empty((3, longest + 1))
    cdef uint32_t[::1] place = place_of
    cdef double[:, ::1] total = sums, weight = weights
    cdef double length
    with nogil:
        for i in range(start, stop):
            first, last = column_offsets[i], column_offsets[i + 1]
            base = first - column_offsets[start]
            for e in range(last - first):
                place[columns[first + e]] = <uint32_t>e
                total[0, e], total[1, e], total[2, e] = 0, 0, 0
                places[base + e] = 0
            for j in range(offsets[i], offsets[i + 1]):
                e = place[tokens[j]]
                if j - offsets[i] < lead:
                    places[base + e] |= 4
                if j - offsets[i] < opening:
                    places[base + e] |= 2
                if j - offsets[i] < near.shape[0]:
                    total[0, e] += near[j - offsets[i]]
                total[1, e] += 1
            for j in range(title_offsets[i], title_offsets[i + 1]):
                total[2, place[titles[j]]] = 1
                places[base + place[titles[j]]] |= 7
            for e in range(last - first):
                j = columns[first + e]
                weight[0, e] = min(total[0, e], most) * rarity[0, j]
                weight[1, e] = log_counts[<Py_ssize_t>total[1, e]] * rarity[1, j]
                weight[2, e] = total[2, e] * rarity[2, j]
            for x in range(3):
                length = 0
                for e in range(last - first):
                    length += weight[x, e] * weight[x, e]
                length = max(sqrt(length), 1e-12)
                for e in range(last - first):
                    out[x, first - column_offsets[start] + e] = <float>(weight[x, e] / length)


cdef inline uint64_t run_hash(const uint32_t* tokens, const uint64_t* factors, Py_ssize_t size) noexcept nogil:
    cdef uint64_t total = 0
    cdef Py_ssize_t x
    for x in range(size):
        total += tokens[x] * factors[x]
    return mix(total)


def arrivals(
    const uint64_t[::1] values, const double[::1] weights, const int64_t[::1] offsets, uint64_t seed,
    const double[::1] table, double last, uint16_t[:, ::1] slots,
):
    cdef Py_ssize_t i, j, at, k = slots.shape[1]
    cdef uint64_t h, member, turn, entry, own
    cdef double total, slower, arrived
    cdef float time
    cdef uint32_t bits, upper
    cdef uint64_t* best = <uint64_t*>malloc(k * sizeof(uint64_t))
    if best == NULL:
        raise MemoryError
    with nogil:
        for i in range(offsets.shape[0] - 1):
            memset(best, 0xFF, k * sizeof(uint64_t))
            total, own = 0, 0
            for j in range(offsets[i], offsets[i + 1]):
                total += weights[j]
                own += values[j]
            for j in range(offsets[i], offsets[i + 1]):
                member, slower, arrived, turn = values[j] ^ seed, total / weights[j], 0, 0
                while True:
                    turn += 1
                    h = mix(member + turn * GAMMA)
                    upper = <uint32_t>(h >> 32)
                    at = upper >> 20
                    arrived += (table[at] + (table[at + 1] - table[at]) * ((upper & 0xFFFFF) * STEP)) * slower
                    if not arrived <= last:  # nor a number at all
                        break
                    time = <float>arrived
                    memcpy(&bits, &time, sizeof(bits))
                    entry = <uint64_t>bits << 32 | <uint32_t>member
                    at = <Py_ssize_t>((<uint64_t><uint32_t>h * <uint64_t>k) >> 32)
                    best[at] = min(entry, best[at])
            for at in range(k):
                if ~best[at]:
                    slots[i, at] = <uint16_t>best[at]
                elif offsets[i + 1] > offsets[i]:
                    slots[i, at] = <uint16_t>mix(own + <uint64_t>at)
                else:
                    slots[i, at] = 0xFFFF
    free(best)


def row_sums(
    const uint32_t[::1] columns, const int64_t[::1] offsets, const float[::1] weights, const int64_t[:, ::1] pairs,
    double[:, ::1] out,
):
    """Of each pair of rows sums over common columns, (m, 3)."""
    cdef Py_ssize_t p, a, b, a_end, b_end
    cdef uint32_t x, y
    cdef double product, here, there
    with nogil:
        for p in range(pairs.shape[0]):
            if p + 4 < pairs.shape[0]:
                for a in range(offsets[pairs[p + 4, 1]], offsets[pairs[p + 4, 1] + 1], 16):
                    fetch_early(&columns[a])
                    fetch_early(&weights[a])
            a, b = offsets[pairs[p, 0]], offsets[pairs[p, 1]]
            a_end, b_end = offsets[pairs[p, 0] + 1], offsets[pairs[p, 1] + 1]
            product, here, there = 0, 0, 0
            while a < a_end and b < b_end:
                x, y = columns[a], columns[b]
                if x == y:
                    product += <double>weights[a] * <double>weights[b]
                    here += weights[a]
                    there += weights[b]
                a += x <= y
                b += y <= x
            out[p, 0], out[p, 1], out[p, 2] = product, here, there


def pair_sums(
    const uint32_t[::1] tokens, const int64_t[::1] token_offsets, const uint64_t[::1] factors,
    const uint32_t[::1] columns, const int64_t[::1] offsets, const float[:, ::1] weights, const uint8_t[::1] places,
    const double[::1] rarity, const uint8_t[::1] is_number, const uint8_t[::1] is_name, Py_ssize_t v,
    const int64_t[:, ::1] pairs, bint with_runs, double[:, ::1] out,
):
    """What `features` makes its evidence of, (m, 14), as in the twin; 0 for runs unless they are asked for."""
    cdef Py_ssize_t p, i, o, a, b, a_end, b_end, j, x, at, mask = 7, longest = 0, held = -1, count, size = factors.shape[0]
    cdef uint32_t turn = 0, c, d
    cdef double lead, body, lead_runs, body_runs, here, there, title_here, title_there, opening, leads, every, product, rare
    cdef double names_here, names_there
    cdef int64_t numbers
    cdef uint8_t f, g
    cdef uint64_t* keys
    cdef int32_t* first
    cdef uint64_t h
    for p in range(pairs.shape[0] if with_runs else 0):  # of all texts, of which there may be far more, a block took longer
        i = pairs[p, 0]
        longest = max(longest, token_offsets[i + 1] - token_offsets[i])
    while mask < 2 * longest:
        mask = 2 * mask + 1
    in_run = np.zeros(v, np.uint32)
    cdef uint32_t[::1] run_turn = in_run
    keys, first = <uint64_t*>malloc((mask + 1) * sizeof(uint64_t)), <int32_t*>malloc((mask + 1) * sizeof(int32_t))
    if keys == NULL or first == NULL:
        free(keys); free(first)
        raise MemoryError
    with nogil:
        for p in range(pairs.shape[0]):
            i, o = pairs[p, 0], pairs[p, 1]
            if with_runs and i != held:
                mask = mask_for(token_offsets[i + 1] - token_offsets[i] - size + 1)
                memset(first, 0xFF, (mask + 1) * sizeof(int32_t))
                for j in range(token_offsets[i], token_offsets[i + 1] - size + 1):
                    h = run_hash(&tokens[j], &factors[0], size)
                    at = find(keys, first, mask, h)
                    keys[at], first[at] = h, 0
                held = i
            turn += 1
            if p + 4 < pairs.shape[0]:
                for a in range(offsets[pairs[p + 4, 1]], offsets[pairs[p + 4, 1] + 1], 16):
                    fetch_early(&columns[a])
            for j in range(token_offsets[o], token_offsets[o + 1] - size + 1 if with_runs else 0):
                h = run_hash(&tokens[j], &factors[0], size)
                if first[find(keys, first, mask, h)] >= 0:
                    for x in range(size):
                        run_turn[tokens[j + x]] = turn
            lead, body, lead_runs, body_runs, here, there, numbers = 0, 0, 0, 0, 0, 0, 0
            title_here, title_there, opening, leads, every, names_here, names_there = 0, 0, 0, 0, 0, 0, 0
            a, b, a_end, b_end = offsets[i], offsets[o], offsets[i + 1], offsets[o + 1]
            while a < a_end and b < b_end:
                c, d = columns[a], columns[b]
                if c == d:
                    product = <double>weights[0, a] * <double>weights[0, b]
                    lead += product
                    if run_turn[c] == turn:
                        lead_runs += product
                    product = <double>weights[1, a] * <double>weights[1, b]
                    body += product
                    if run_turn[c] == turn:
                        body_runs += product
                    here += weights[0, a]
                    there += weights[0, b]
                    f, g, rare = places[a], places[b], rarity[c]
                    every += rare
                    if f & g & 4:
                        leads += rare
                        numbers += is_number[c]
                        if f & 1:
                            title_here += rare
                        if g & 1:
                            title_there += rare
                        if f & g & 2:
                            opening += rare
                    if is_name[c]:
                        if f & 4:
                            names_here += rare
                        if g & 4:
                            names_there += rare
                a += c <= d
                b += d <= c
            out[p, 0], out[p, 1], out[p, 2], out[p, 3] = lead, lead_runs, body, body_runs
            out[p, 4], out[p, 5], out[p, 6], out[p, 7] = here, there, title_here, title_there
            out[p, 8], out[p, 9], out[p, 10], out[p, 11] = opening, leads, every, <double>numbers
            out[p, 12], out[p, 13] = names_here, names_there
    free(keys); free(first)


# --- linkage

cdef struct Join:
    double mean
    int32_t a
    int32_t b


cdef struct Link:
    double total
    int32_t ends[2]
    int32_t chain  # the next link of its cell of the table, -1
    bint bound
    bint gone


cdef inline bint sooner(const Join* one, const Join* other) noexcept nogil:
    """The stronger first, then the one of lower items."""
    if one.mean != other.mean:
        return one.mean > other.mean
    return one.a < other.a if one.a != other.a else one.b < other.b


cdef inline void sink(Join* queue, Py_ssize_t count, Py_ssize_t at) noexcept nogil:
    """Let an entry sink to its place in a heap of so many."""
    cdef Join entry = queue[at]
    cdef Py_ssize_t child = 2 * at + 1
    while child < count:
        if child + 1 < count and sooner(&queue[child + 1], &queue[child]):
            child += 1
        if not sooner(&queue[child], &entry):
            break
        queue[at] = queue[child]
        at, child = child, 2 * child + 1
    queue[at] = entry


cdef inline void rise(Join* queue, Py_ssize_t at) noexcept nogil:
    """Let the last entry of a heap rise to its place."""
    cdef Join entry = queue[at]
    cdef Py_ssize_t above = (at - 1) >> 1
    while at > 0 and sooner(&entry, &queue[above]):
        queue[at] = queue[above]
        at, above = above, (above - 1) >> 1
    queue[at] = entry


cdef inline Py_ssize_t cell_of(int32_t a, int32_t b, Py_ssize_t mask) noexcept nogil:
    """The cell of a table that a link of two items stands in, whichever comes first."""
    return <Py_ssize_t>(mix(<uint64_t>min(a, b) << 32 | <uint64_t>max(a, b))) & mask


cdef inline int32_t link_between(int32_t a, int32_t b, const Link* links, const int32_t* cells, Py_ssize_t mask) noexcept nogil:
    """The link of two items, -1 where there is none."""
    cdef int32_t e = cells[cell_of(a, b, mask)]
    while e >= 0 and not (
        links[e].ends[0] == a and links[e].ends[1] == b or links[e].ends[0] == b and links[e].ends[1] == a
    ):
        e = links[e].chain
    return e


cdef inline void enter(int32_t e, Link* links, int32_t* cells, Py_ssize_t mask) noexcept nogil:
    """Put a link into the table."""
    cdef Py_ssize_t at = cell_of(links[e].ends[0], links[e].ends[1], mask)
    links[e].chain = cells[at]
    cells[at] = e


cdef inline void leave(int32_t e, Link* links, int32_t* cells, Py_ssize_t mask) noexcept nogil:
    """Take a link out of the table."""
    cdef int32_t* at = &cells[cell_of(links[e].ends[0], links[e].ends[1], mask)]
    while at[0] != e:
        at = &links[at[0]].chain
    at[0] = links[e].chain


cdef inline void unite(
    int32_t a, int32_t b, Link* links, int32_t* cells, Py_ssize_t mask, int32_t* heads, int32_t* tails, int32_t* after
) noexcept nogil:
    """Give one item the links of another: those to a third that both have become one."""
    cdef int32_t end = heads[b], follows, e, f, c
    while end >= 0:
        follows, e = after[end], end >> 1
        after[end] = -1
        if not links[e].gone:
            leave(e, links, cells, mask)
            c = links[e].ends[1 - (end & 1)]
            f = -1 if c == a else link_between(a, c, links, cells, mask)
            if c == a:
                links[e].gone = True
            elif f >= 0:
                links[f].total = links[f].total + links[e].total
                links[f].bound |= links[e].bound
                links[e].gone = True
            else:
                links[e].ends[end & 1] = a
                enter(e, links, cells, mask)
                if heads[a] < 0:
                    heads[a] = end
                else:
                    after[tails[a]] = end
                tails[a] = end
        end = follows
    heads[b] = -1


def link_on_average(
    const int64_t[:, ::1] pairs, const double[::1] strength, double threshold, const int64_t[::1] weights,
    const uint8_t[::1] binding, int64_t[::1] group,
):
    """Join the two groups with the strongest mean, again and again. Every link is in the lists of both of its ends, by cells
    ``2 * link + side``, and in a hash table of chains; a group's list is that of its first member.
    """
    cdef Py_ssize_t m = pairs.shape[0], n = weights.shape[0], i, mask = 7, count = 0, room
    cdef int32_t e, a, b, c, end, last
    cdef double mean
    cdef Join top
    cdef Join* queue
    cdef Join* more
    cdef bint full = False
    size_array = np.array(weights)
    cdef int64_t[::1] size = size_array
    while mask < m:
        mask = 2 * mask + 1
    room = m + 16
    cdef Link* links = <Link*>malloc((m + 1) * sizeof(Link))
    cdef int32_t* cells = <int32_t*>malloc((mask + 1) * sizeof(int32_t))
    cdef int32_t* heads = <int32_t*>malloc((n + 1) * sizeof(int32_t))
    cdef int32_t* tails = <int32_t*>malloc((n + 1) * sizeof(int32_t))
    cdef int32_t* after = <int32_t*>malloc((2 * m + 1) * sizeof(int32_t))
    queue = <Join*>malloc(room * sizeof(Join))
    if links == NULL or cells == NULL or heads == NULL or tails == NULL or after == NULL or queue == NULL:
        free(links); free(cells); free(heads); free(tails); free(after); free(queue)
        raise MemoryError
    with nogil:
        memset(cells, 0xFF, (mask + 1) * sizeof(int32_t))
        memset(heads, 0xFF, (n + 1) * sizeof(int32_t))
        for i in range(n):
            group[i] = i
        for i in range(m):
            e = <int32_t>i
            for c in range(2):
                a, end = <int32_t>pairs[i, c], 2 * e + c
                links[e].ends[c] = a
                after[end] = heads[a]
                if heads[a] < 0:
                    tails[a] = end
                heads[a] = end
            a, b = min(links[e].ends[0], links[e].ends[1]), max(links[e].ends[0], links[e].ends[1])
            links[e].total = strength[i] * <double>(size[a] * size[b])
            links[e].bound, links[e].gone = binding[i], False
            enter(e, links, cells, mask)
            if binding[i] and strength[i] >= threshold:
                queue[count].mean, queue[count].a, queue[count].b = links[e].total / <double>(size[a] * size[b]), a, b
                count += 1
        for i in range(count // 2 - 1, -1, -1):
            sink(queue, count, i)
        while count > 0 and not full:
            top = queue[0]
            count -= 1
            queue[0] = queue[count]
            sink(queue, count, 0)
            a, b = top.a, top.b
            e = link_between(a, b, links, cells, mask) if group[a] == a and group[b] == b else -1
            if e < 0 or top.mean != links[e].total / <double>(size[a] * size[b]):
                continue  # one of the two has grown or gone since
            group[b] = a
            unite(a, b, links, cells, mask, heads, tails, after)
            size[a] += size[b]
            last, end = -1, heads[a]
            while end >= 0:
                e = end >> 1
                if links[e].gone:  # out of the list
                    if last < 0:
                        heads[a] = after[end]
                    else:
                        after[last] = after[end]
                    if tails[a] == end:
                        tails[a] = last
                    end = after[end]
                    continue
                c = links[e].ends[1 - (end & 1)]
                mean = links[e].total / <double>(size[a] * size[c])
                if mean >= threshold and links[e].bound:
                    if count == room:
                        room *= 2
                        more = <Join*>realloc(queue, room * sizeof(Join))
                        if more == NULL:
                            full = True
                            break
                        queue = more
                    queue[count].mean, queue[count].a, queue[count].b = mean, min(a, c), max(a, c)
                    rise(queue, count)
                    count += 1
                last, end = end, after[end]
        for i in range(n):
            while group[group[i]] != group[i]:
                group[i] = group[group[i]]
    free(links); free(cells); free(heads); free(tails); free(after); free(queue)
    if full:
        raise MemoryError


def spanning_links(const int64_t[:, ::1] pairs, const uint8_t[::1] roots, int64_t[::1] out):
    """The links of a tree by which items hang on roots: the first ones that reach everybody. Prim's order is not needed, for
    a link counts where it joins what was apart (Kruskal); then the trees are walked from their roots.
    """
    cdef Py_ssize_t m = pairs.shape[0], n = roots.shape[0], i, waiting = 0, done = 0
    cdef int64_t a, b, x, y, end
    cdef int64_t* parent = <int64_t*>malloc((n + 1) * sizeof(int64_t))
    cdef int64_t* heads = <int64_t*>malloc((n + 1) * sizeof(int64_t))
    cdef int64_t* after = <int64_t*>malloc((2 * m + 1) * sizeof(int64_t))
    if parent == NULL or heads == NULL or after == NULL:
        free(parent); free(heads); free(after)
        raise MemoryError
    with nogil:
        for i in range(n):
            parent[i], heads[i], out[i] = i, -1, -1
        for i in range(m):
            a, b = pairs[i, 0], pairs[i, 1]
            x, y = a, b
            while parent[x] != x:
                parent[x] = parent[parent[x]]
                x = parent[x]
            while parent[y] != y:
                parent[y] = parent[parent[y]]
                y = parent[y]
            if x != y:
                parent[max(x, y)] = min(x, y)
                after[2 * i], heads[a] = heads[a], 2 * i
                after[2 * i + 1], heads[b] = heads[b], 2 * i + 1
        for i in range(n):  # the queue of the walk stands where the trees stood
            if roots[i]:
                parent[waiting] = i
                waiting += 1
        while done < waiting:
            a = parent[done]
            done += 1
            end = heads[a]
            while end >= 0:
                b = pairs[end >> 1, 1 - (end & 1)]
                if out[b] < 0 and not roots[b]:
                    out[b] = end >> 1
                    parent[waiting] = b
                    waiting += 1
                end = after[end]
    free(parent); free(heads); free(after)
