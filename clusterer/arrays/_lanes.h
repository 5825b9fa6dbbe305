/* Loops over words, shingles and sets, LANES numbers of 64 bits side by side. Included by `_wide.h` once for each width of the
   machine's registers, which says before what these names stand for:

   LANES, V       how many numbers lie side by side, and their type
   TARGET, NAME   what is written before a function, and its name of this width
   V_...          instructions; `V_MUL` takes a factor that is no vector, `V_WIDEN` loads numbers of 32 bits
   NAME(letters)  sixteen bytes from each of LANES words on: their first four letters and the next four
   NAME(unset)    bit j is set where number j of 64 is `WIDE_EMPTY`
   NAME(inside)   bit j is set where code j of 64 is a letter of a word; and of `signs`, where it stands between words and is no space
   NAME(picked)   of a number the bits that another one has, side by side
   NAME(places)   writes the places of the bits of a number, counted from `first` on, and something behind them; gives how many */

TARGET static inline V NAME(mix)(V h) {
    h = V_XOR(h, V_SRL(h, 30));
    h = V_MUL(h, M1);
    h = V_XOR(h, V_SRL(h, 27));
    h = V_MUL(h, M2);
    return V_XOR(h, V_SRL(h, 31));
}

/* Where words begin and end, by turns; gives how many places that are. Behind the codes there is a separator, and room for 64.
   `apart`: bit j is set where more than spaces lies between word j - 1 and word j. */
TARGET static ptrdiff_t NAME(edges)(const uint16_t* codes, ptrdiff_t length, int32_t* edges, uint64_t* apart) {
    ptrdiff_t count = 0, word = 0;
    uint64_t before = 0, carried = 0;
    apart[0] = 0;
    for (ptrdiff_t i = 0; i < length; i += 64) {
        uint64_t signs, bits = NAME(inside)(codes + i, &signs), starts, gaps, sum, behind;
        if (length - i < 64) bits &= ((uint64_t)1 << (length - i)) - 1;  /* what is behind the text is of another one */
        count += NAME(places)(bits ^ (bits << 1 | before), (int32_t)i, edges + count);
        starts = bits & ~(bits << 1 | before);
        before = bits >> 63;
        /* a sign among ones where nothing is inside carries through them, to the letter behind them */
        gaps = ~bits;
        sum = gaps + (signs & gaps);
        behind = sum < gaps;
        sum += carried;
        carried = behind | (sum < carried);
        behind = NAME(picked)(sum, starts);
        apart[word >> 6] |= behind << (word & 63);
        apart[(word >> 6) + 1] = behind >> 1 >> (63 - (word & 63));
        word += __builtin_popcountll(starts);
    }
    apart[(word >> 6) + 1] = 0;
    return count;
}

/* Hashes of `count` words, a multiple of LANES and at most 64. Bit j is set where word j is to be looked at by itself: it has one
   letter, or more than eight, or digits. The hash of a word that has digits, which its lowest bit tells, or more than eight
   letters is not that of the word. */
TARGET static uint64_t NAME(words)(
    const uint16_t* codes, const uint16_t* kinds, const int32_t* edges, ptrdiff_t count, uint64_t* out
) {
    const V all = V_SET(~0ULL), half = V_SET(0xFFFFFFFFULL), low = V_SET(0xFFFFULL), one = V_SET(1);
    const V letter = V_SET(16), eight = V_SET(128), none = V_SET(0);
    uint64_t odd = 0;
    for (ptrdiff_t j = 0; j < count; j += LANES) {
        V here = V_LOAD(edges + 2 * j), first, next, kind, more;
        V bits = V_SLL(V_SUB(V_SRL(here, 32), V_AND(here, half)), 4);
        V mask = V_XOR(V_SLLV(all, bits), all), rest = V_SRLV(all, V_SUB(eight, bits));  /* a shift by 64 or more gives 0 */
        NAME(letters)(codes, edges + 2 * j, &first, &next);
        NAME(letters)(kinds, edges + 2 * j, &kind, &more);
        V h = V_MUL(V_AND(first, mask), M1);
        h = V_XOR(h, V_SRL(h, 30));
        next = V_MUL(V_XOR(h, V_AND(next, rest)), M2);
        next = V_XOR(next, V_SRL(next, 31));
        h = V_XOR(h, V_AND(V_XOR(h, next), V_SUB(none, V_AND(rest, one))));
        h = V_MUL(h, M2);
        h = V_XOR(h, V_SRL(h, 27));
        kind = V_OR(V_AND(kind, mask), V_AND(more, rest));
        kind = V_OR(kind, V_SRL(kind, 32));
        kind = V_AND(V_OR(kind, V_SRL(kind, 16)), low);
        V_STORE(out + j, V_OR(V_ANDNOT(low, h), kind));
        more = V_OR(V_SRL(V_SUB(bits, one), 7), V_AND(kind, one));
        unsigned int usual = V_ZERO(more) & ~V_ZERO(V_XOR(bits, letter));
        odd |= (uint64_t)(usual ^ ((1u << LANES) - 1)) << j;
    }
    return odd;
}

/* Of slots, so many, and the factor of each, the mixed sum times the factor. */
TARGET static void NAME(mixed)(const uint32_t* slots, ptrdiff_t count, const uint64_t* factors, uint64_t* out) {
    ptrdiff_t j = 0;
    for (; j + LANES <= count; j += LANES) {
        V factor = V_LOAD(factors + j);
        V_STORE(out + j, V_TIMES(NAME(mix)(V_ADD(V_WIDEN(slots + j), factor)), factor));
    }
    for (; j < count; j++) out[j] = wide_mix(slots[j] + factors[j]) * factors[j];
}

/* Hashes of the `count` runs of three members that begin at each. */
TARGET static void NAME(shingles)(const uint64_t* members, ptrdiff_t count, const uint64_t* factors, uint64_t* out) {
    ptrdiff_t j = 0;
    for (; j + LANES <= count; j += LANES) {
        V sum = V_MUL(V_LOAD(members + j), factors[0]);
        sum = V_ADD(sum, V_MUL(V_LOAD(members + j + 1), factors[1]));
        sum = V_ADD(sum, V_MUL(V_LOAD(members + j + 2), factors[2]));
        V_STORE(out + j, NAME(mix)(sum));
    }
    for (; j < count; j++) {
        out[j] = wide_mix(members[j] * factors[0] + members[j + 1] * factors[1] + members[j + 2] * factors[2]);
    }
}

/* One round of a signature: a member falls into a slot, which keeps the least value. After the first round only members that
   fall into a slot that was `unset` matter. */
TARGET static void NAME(round)(
    const uint64_t* members, ptrdiff_t count, uint64_t salt, int round, const uint64_t* unset, uint32_t* slots, ptrdiff_t k
) {
    const V salts = V_SET(salt), size = V_SET((uint64_t)k), above = V_SET((uint64_t)round << WIDE_VALUE_BITS);
    const V low = V_SET((1ULL << WIDE_VALUE_BITS) - 1);
    uint64_t found[WIDE_FOUND + LANES];  /* slots, and below them values */
    ptrdiff_t j = 0, held = 0;
    while (j < count) {
        for (; j + LANES <= count && held <= WIDE_FOUND - LANES; j += LANES) {
            V h = NAME(mix)(V_XOR(V_LOAD(members + j), salts)), place = V_MUL_HALVES(V_SRL(h, 32), size);
            V value = V_BLEND_HALVES(V_OR(V_AND(h, low), above), place);
            if (round == 0) {
                V_STORE(found + held, value);
                held += LANES;
                continue;
            }
            int hit = V_AMONG(unset, V_SRL(place, 32));
            V_STORE(found + held, V_PRESS(hit, value));
            held += __builtin_popcount((unsigned int)hit);
        }
        for (; count - j < LANES && j < count && held < WIDE_FOUND; j++) {
            uint64_t h = wide_mix(members[j] ^ salt), place = ((h >> 32) * (uint64_t)k) >> 32;
            found[held++] = place << 32 | (h & ((1ULL << WIDE_VALUE_BITS) - 1)) | (uint64_t)round << WIDE_VALUE_BITS;
        }
        for (ptrdiff_t i = 0; i < held; i++) {
            uint32_t value = (uint32_t)found[i], least = slots[found[i] >> 32];
            slots[found[i] >> 32] = value < least ? value : least;  /* always stored: a branch would be a coin's toss */
        }
        held = 0;
    }
}

/* The least value of members by a hash function of a slot's own. */
TARGET static uint32_t NAME(least)(const uint64_t* members, ptrdiff_t count, uint64_t salt) {
    const V salts = V_SET(salt), low = V_SET((1ULL << WIDE_VALUE_BITS) - 1);
    V kept = low;
    uint64_t lanes[LANES], least;
    ptrdiff_t j = 0;
    for (; j + LANES <= count; j += LANES) {
        kept = V_MIN_HALVES(kept, V_AND(NAME(mix)(V_XOR(V_LOAD(members + j), salts)), low));
    }
    V_STORE(lanes, kept);
    least = lanes[0];
    for (int i = 1; i < LANES; i++) least = lanes[i] < least ? lanes[i] : least;
    for (; j < count; j++) {
        uint64_t value = wide_mix(members[j] ^ salt) & ((1ULL << WIDE_VALUE_BITS) - 1);
        least = value < least ? value : least;
    }
    return (uint32_t)least;
}

/* The signature of a set by fast similarity sketching, of k slots, at most `WIDE_SLOTS`; `members` are one or more. */
TARGET static void NAME(signature)(
    const uint64_t* members, ptrdiff_t count, const uint64_t* salts, uint32_t* out, ptrdiff_t k
) {
    uint32_t slots[WIDE_SLOTS];
    uint64_t unset[WIDE_SLOTS / 64] = {0}, left = 1;
    for (ptrdiff_t j = 0; j < WIDE_SLOTS; j++) slots[j] = j < k ? WIDE_EMPTY : 0;
    for (int round = 0; round < WIDE_ROUNDS && left; round++) {
        NAME(round)(members, count, salts[round], round, unset, slots, k);
        left = 0;
        for (ptrdiff_t j = 0; j < k; j += 64) left |= unset[j / 64] = NAME(unset)(slots + j);
    }
    for (ptrdiff_t j = 0; left && j < k; j += 64) {
        for (uint64_t bits = unset[j / 64]; bits; bits &= bits - 1) {
            ptrdiff_t slot = j + __builtin_ctzll(bits);
            slots[slot] = NAME(least)(members, count, salts[WIDE_ROUNDS + slot]) | (uint32_t)WIDE_ROUNDS << WIDE_VALUE_BITS;
        }
    }
    memcpy(out, slots, (size_t)k * sizeof(uint32_t));
}

#undef LANES
#undef V
#undef TARGET
#undef NAME
#undef V_SET
#undef V_LOAD
#undef V_STORE
#undef V_AND
#undef V_ANDNOT
#undef V_OR
#undef V_XOR
#undef V_ADD
#undef V_SUB
#undef V_MUL
#undef V_TIMES
#undef V_WIDEN
#undef V_MUL_HALVES
#undef V_MIN_HALVES
#undef V_BLEND_HALVES
#undef V_SLL
#undef V_SRL
#undef V_SLLV
#undef V_SRLV
#undef V_ZERO
#undef V_AMONG
#undef V_PRESS
