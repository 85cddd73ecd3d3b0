// The headline as it would be if no model shared its effects with another. Twin of `src/engine/draw/separate.rs`.

// What shared effects add to a factor's logarithm.
fn shared_of(m: u32, slot: u32, model: ptr<function, Drawn>) -> I {
    let record = window.models[m].slots[slot];
    if is_joint(record) {
        return (*model).factors.of_effects[slot];
    }
    return shared_log(record.cell, (*model).place);
}

// A product's logarithm with the shared effects replaced by ones of the model's own: one normal for all that act as
// multipliers, one for those on the X of 1 + X, one for those on a bounded factor.
fn separate_shared(m: u32, record: ProductRecord, model: ptr<function, Drawn>) -> I {
    let y = product(record, (*model).factors.logs);
    if (record.zeros & SHARES) == 0u {
        return y;
    }
    let signs = record.signs;
    let words = stream_words((*model).draws, params.seed, DOMAIN_INDEPENDENT, 0u, window.models[m].key);
    var separate = y
        - I(power(signs, 0u)) * shared_of(m, 0u, model)
        - I(power(signs, 1u)) * shared_of(m, 1u, model)
        - I(power(signs, 3u)) * shared_of(m, 3u, model)
        - I(power(signs, 4u)) * shared_of(m, 4u, model)
        - I(power(signs, 5u)) * shared_of(m, 5u, model)
        + affine(window.models[m].independent_scale, inverse_normal(words.a));
    //@ if HAS_LAST_SLOTS
    if HAS_LAST_SLOTS {
        let last = record.last_signs;
        separate -= I(power(signs, 6u)) * shared_of(m, 6u, model)
            + I(power(signs, 7u)) * shared_of(m, 7u, model)
            + I(power(last, 8u)) * shared_of(m, 8u, model)
            + I(power(last, 9u)) * shared_of(m, 9u, model)
            + I(power(last, 10u)) * shared_of(m, 10u, model)
            + I(power(last, 11u)) * shared_of(m, 11u, model);
    }
    //@ end
    if HAS_BOUNDED {
        separate += affine(window.models[m].independent_with_bounded, inverse_normal(words.c));
    }
    if HAS_SHARED_SHIFTED {
        let scale = window.models[m].independent_shifted_scale;
        if scale != 0 {
            let shifted = one_plus((*model).factors.shifted_own + affine(scale, inverse_normal(words.b)));
            separate += I(power(signs, SHIFTED)) * (shifted - (*model).factors.logs[SHIFTED]);
        }
    }
    return separate;
}
