@ Products with weights in pairs of channels (src/paired.rs). Registers r0 to r3 hold the first four arguments, the
@ others are on the stack. A word of inputs holds two of them as halfwords, a word of weights 256 * a + b twice, where a
@ and b are weights of two channels: SMLAD with the word as it is adds up 256 * A + B, and with its low bytes alone B.

@ Four inputs of one of three rows by one pair of channels. r8 and r9: weights, r10 and r11: those of B alone.
    .macro EDGEC_QUAD_OF_ROW ab, b
    ldrd r12,lr,[r0],#8
    smlad \ab,r12,r8,\ab
    smlad \ab,lr,r9,\ab
    smlad \b,r12,r10,\b
    smlad \b,lr,r11,\b
    .endm

@ A row's two results. r8 and r9: multipliers of B and A, r10: zero point.
    .macro EDGEC_RESCALE ab, b
    subs \ab,\ab,\b
    asrs \ab,\ab,#8
    smmlar \b,\b,r8,r10
    smmlar \ab,\ab,r9,r10
    ssat \b,#8,\b
    ssat \ab,#8,\ab
    .endm

@ Two quads of three rows: 24 products of pairs in 18 instructions each.
    .macro EDGEC_TWO_QUADS
    .rept 2
    ldrd r8,r9,[r1],#8
    sxtb16 r10,r8
    sxtb16 r11,r9
    EDGEC_QUAD_OF_ROW r2,r3
    EDGEC_QUAD_OF_ROW r4,r5
    EDGEC_QUAD_OF_ROW r6,r7
    .endr
    .endm

@ edgec_three_rows(inputs, weights, parameters, inputs_end, y0, y1, y2, pairs, zero, odd): three rows by `pairs` pairs
@ of channels, four quads a turn; where the number of twos of quads is odd, the first turn begins in its middle.
@ Parameters of a pair: 256 * A + B and B of the biases, multipliers of B and A. Where y pointers are equal, the results
@ of the last row stay.
    .section .text.edgec_three_rows,"ax",%progbits
    .global edgec_three_rows
    .type edgec_three_rows,%function
    .thumb_func
edgec_three_rows:
    push {r0,r2-r11,lr}
1:  ldrd r0,r12,[sp]
    ldrd r2,r3,[r12]
    mov r4,r2
    mov r5,r3
    mov r6,r2
    ldr r7,[sp,#68]
    cbz r7,4f
    mov r7,r3
    b 3f
4:  mov r7,r3
2:  EDGEC_TWO_QUADS
3:  EDGEC_TWO_QUADS
    ldr r12,[sp,#8]
    cmp r0,r12
    bne 2b
    ldr r12,[sp,#4]
    ldrd r8,r9,[r12,#8]
    add r12,#16
    str r12,[sp,#4]
    ldr r10,[sp,#64]
    EDGEC_RESCALE r2,r3
    EDGEC_RESCALE r4,r5
    EDGEC_RESCALE r6,r7
    ldrd r8,r9,[sp,#48]
    strb r3,[r8],#1
    strb r2,[r8],#1
    strb r5,[r9],#1
    strb r4,[r9],#1
    strd r8,r9,[sp,#48]
    ldrd r8,r9,[sp,#56]
    strb r7,[r8],#1
    strb r6,[r8],#1
    subs r9,#1
    strd r8,r9,[sp,#56]
    bne 1b
    pop {r0,r2-r11,pc}
    .size edgec_three_rows,.-edgec_three_rows

@ Four inputs of one row by one pair of channels.
    .macro EDGEC_ONE_PAIR ab, b, even, odd
    ldrd r7,r8,[r1],#8
    sxtb16 lr,r7
    smlad \ab,\even,r7,\ab
    smlad \b,\even,lr,\b
    sxtb16 lr,r8
    smlad \ab,\odd,r8,\ab
    smlad \b,\odd,lr,\b
    .endm

@ Two quads of one row by two pairs.
    .macro EDGEC_TWO_QUADS_OF_ONE
    ldm r0!,{r9-r12}
    EDGEC_ONE_PAIR r2,r3,r9,r10
    EDGEC_ONE_PAIR r4,r5,r9,r10
    EDGEC_ONE_PAIR r2,r3,r11,r12
    EDGEC_ONE_PAIR r4,r5,r11,r12
    .endm

@ edgec_one_row(inputs, weights, parameters, inputs_end, y, groups, zero, odd): one row by `groups` groups of two pairs,
@ four quads a turn, with the first turn as above. Parameters of a group: 256 * A + B and B of the biases of each pair,
@ multipliers of B and A of each.
    .section .text.edgec_one_row,"ax",%progbits
    .global edgec_one_row
    .type edgec_one_row,%function
    .thumb_func
edgec_one_row:
    push {r0,r2,r4-r11,lr}
    mov r6,r3
1:  ldrd r0,r7,[sp]
    ldm r7!,{r2-r5}
    str r7,[sp,#4]
    ldr r7,[sp,#56]
    cbz r7,2f
    b 3f
2:  EDGEC_TWO_QUADS_OF_ONE
3:  EDGEC_TWO_QUADS_OF_ONE
    cmp r0,r6
    bne 2b
    ldr r7,[sp,#4]
    ldm r7!,{r9-r12}
    str r7,[sp,#4]
    ldr r8,[sp,#52]
    subs r2,r2,r3
    asrs r2,r2,#8
    subs r4,r4,r5
    asrs r4,r4,#8
    smmlar r3,r3,r9,r8
    smmlar r2,r2,r10,r8
    smmlar r5,r5,r11,r8
    smmlar r4,r4,r12,r8
    ssat r3,#8,r3
    ssat r2,#8,r2
    ssat r5,#8,r5
    ssat r4,#8,r4
    ldr r7,[sp,#44]
    strb r3,[r7]
    strb r2,[r7,#1]
    strb r5,[r7,#2]
    strb r4,[r7,#3]
    adds r7,#4
    str r7,[sp,#44]
    ldr r8,[sp,#48]
    subs r8,#1
    str r8,[sp,#48]
    bne 1b
    pop {r0,r2,r4-r11,pc}
    .size edgec_one_row,.-edgec_one_row

@ edgec_widen_three(u, v, w, words, eights): eight bytes of each row a turn, as halfwords: inputs 0 and 2, then 1 and 3.
    .section .text.edgec_widen_three,"ax",%progbits
    .global edgec_widen_three
    .type edgec_widen_three,%function
    .thumb_func
edgec_widen_three:
    push {r4-r10}
    ldr r12,[sp,#28]
1:  .rept 2
    ldr r5,[r0],#4
    ldr r7,[r1],#4
    ldr r9,[r2],#4
    sxtb16 r4,r5
    sxtb16 r5,r5,ror #8
    sxtb16 r6,r7
    sxtb16 r7,r7,ror #8
    sxtb16 r8,r9
    sxtb16 r9,r9,ror #8
    stm r3!,{r4-r9}
    .endr
    subs r12,#1
    bne 1b
    pop {r4-r10}
    bx lr
    .size edgec_widen_three,.-edgec_widen_three

@ edgec_widen(x, words, eights, step, rows, gap): the same of one position, whose inputs are `rows` runs of `eights`
@ eights with `gap` bytes between them. `step` bytes from quad to quad.
    .section .text.edgec_widen,"ax",%progbits
    .global edgec_widen
    .type edgec_widen,%function
    .thumb_func
edgec_widen:
    push {r4-r7}
    ldrd r7,r12,[sp,#16]
1:  mov r6,r2
2:  .rept 2
    ldr r4,[r0],#4
    sxtb16 r5,r4
    sxtb16 r4,r4,ror #8
    strd r5,r4,[r1]
    add r1,r3
    .endr
    subs r6,#1
    bne 2b
    add r0,r12
    subs r7,#1
    bne 1b
    pop {r4-r7}
    bx lr
    .size edgec_widen,.-edgec_widen

@ edgec_copy_rows(from, to, bytes, rows, from_step, to_step): rows of bytes, steps apart.
    .section .text.edgec_copy_rows,"ax",%progbits
    .global edgec_copy_rows
    .type edgec_copy_rows,%function
    .thumb_func
edgec_copy_rows:
    push {r4-r8}
    ldrd r4,r8,[sp,#20]
1:  mov r5,r0
    mov r7,r1
    add r0,r4
    add r1,r8
    subs r12,r2,#4
    blo 3f
2:  ldr r6,[r5],#4
    str r6,[r7],#4
    subs r12,#4
    bhs 2b
3:  adds r12,#4
    beq 5f
4:  ldrb r6,[r5],#1
    strb r6,[r7],#1
    subs r12,#1
    bne 4b
5:  subs r3,#1
    bne 1b
    pop {r4-r8}
    bx lr
    .size edgec_copy_rows,.-edgec_copy_rows
    .text
