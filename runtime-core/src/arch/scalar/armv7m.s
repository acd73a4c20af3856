@ Products with weights in fours of channels (src/interleaved.rs) for Armv7-M. The first four arguments are in r0 to r3,
@ the others on the stack.

@ A sum's result. r0: zero point.
    .macro EDGEC_RESULT sum, multiplier, low, high
    smull \low,\high,\sum,\multiplier
    lsls \low,\low,#1
    adc \sum,\high,r0
    ssat \sum,#8,\sum
    .endm

@ edgec_widen_bytes(x, words, len, step): bytes to words that are `step` bytes apart.
    .section .text.edgec_widen_bytes,"ax",%progbits
    .global edgec_widen_bytes
    .type edgec_widen_bytes,%function
    .thumb_func
edgec_widen_bytes:
    subs r2,#4
    blo 2f
1:  .rept 4
    ldrsb r12,[r0],#1
    str r12,[r1]
    add r1,r3
    .endr
    subs r2,#4
    bhs 1b
2:  adds r2,#4
    beq 4f
3:  ldrsb r12,[r0],#1
    str r12,[r1]
    add r1,r3
    subs r2,#1
    bne 3b
4:  bx lr
    .size edgec_widen_bytes,.-edgec_widen_bytes

@ edgec_five_rows(inputs, weights, parameters, inputs_end, starts, fours, zero, back): five rows by `fours` of
@ channels, one after another: four inputs a turn, 20 products in 28 instructions. `starts` are five pointers, which
@ advance. `back` is the bytes of weights of four channels, minus one: from behind a channel to the next one.
@ Stack: 128 * sums of the rows, inputs, parameters, index of the channel.
    .section .text.edgec_five_rows,"ax",%progbits
    .global edgec_five_rows
    .type edgec_five_rows,%function
    .thumb_func
edgec_five_rows:
    push {r4-r11,lr}
    sub sp,#32
    str r0,[sp,#20]
    str r2,[sp,#24]
    mov lr,r3
    movs r2,#0
    str r2,[sp,#28]
    ldr r3,[sp,#72]
    lsls r3,r3,#2
    str r3,[sp,#72]
    movs r3,#0
    movs r4,#0
    movs r5,#0
    movs r6,#0
1:  ldm r0!,{r7-r11}
    add r2,r7
    add r3,r8
    add r4,r9
    add r5,r10
    add r6,r11
    cmp r0,lr
    bne 1b
    lsls r2,r2,#7
    lsls r3,r3,#7
    lsls r4,r4,#7
    lsls r5,r5,#7
    lsls r6,r6,#7
    stm sp,{r2-r6}
2:  ldr r12,[sp,#24]
    ldr r7,[r12],#4
    str r12,[sp,#24]
    ldm sp,{r2-r6}
    subs r2,r7,r2
    subs r3,r7,r3
    subs r4,r7,r4
    subs r5,r7,r5
    subs r6,r7,r6
    ldr r0,[sp,#20]
3:  .rept 4
    ldrb r12,[r1],#4
    ldm r0!,{r7-r11}
    mla r2,r7,r12,r2
    mla r3,r8,r12,r3
    mla r4,r9,r12,r4
    mla r5,r10,r12,r5
    mla r6,r11,r12,r6
    .endr
    cmp r0,lr
    bne 3b
    ldr r12,[sp,#24]
    ldr r12,[r12,#12]
    ldr r0,[sp,#76]
    EDGEC_RESULT r2,r12,r7,r8
    EDGEC_RESULT r3,r12,r7,r8
    EDGEC_RESULT r4,r12,r7,r8
    EDGEC_RESULT r5,r12,r7,r8
    EDGEC_RESULT r6,r12,r7,r8
    ldr r12,[sp,#68]
    ldm r12,{r7-r11}
    strb r2,[r7],#1
    strb r3,[r8],#1
    strb r4,[r9],#1
    strb r5,[r10],#1
    strb r6,[r11],#1
    stm r12,{r7-r11}
    ldr r7,[sp,#28]
    ldr r8,[sp,#72]
    adds r7,#1
    str r7,[sp,#28]
    cmp r7,r8
    beq 5f
    lsls r7,r7,#30
    beq 4f
    ldr r8,[sp,#80]
    subs r1,r1,r8
    b 2b
4:  subs r1,#3
    ldr r12,[sp,#24]
    adds r12,#16
    str r12,[sp,#24]
    b 2b
5:  add sp,#32
    pop {r4-r11,pc}
    .size edgec_five_rows,.-edgec_five_rows

@ edgec_sums(inputs, weights, sums, inputs_end, fours, skip): adds the products of one row's inputs to fours of sums:
@ four inputs a turn, 16 products in 33 instructions. `skip` is the bytes of weights between the last of a four and
@ the first of the next. Stack: 128 * the sum of the inputs, inputs.
    .section .text.edgec_sums,"ax",%progbits
    .global edgec_sums
    .type edgec_sums,%function
    .thumb_func
edgec_sums:
    push {r4-r11,lr}
    sub sp,#8
    str r0,[sp,#4]
    movs r4,#0
1:  ldm r0!,{r8-r11}
    add r4,r8
    add r4,r9
    add r4,r10
    add r4,r11
    cmp r0,r3
    bne 1b
    lsls r4,r4,#7
    str r4,[sp]
    ldr lr,[sp,#48]
2:  ldm r2,{r4-r7}
    ldrd r12,r0,[sp]
    sub r4,r12
    sub r5,r12
    sub r6,r12
    sub r7,r12
3:  ldm r0!,{r8-r11}
    .irp x,r8,r9,r10,r11
    ldrb r12,[r1],#1
    mla r4,\x,r12,r4
    ldrb r12,[r1],#1
    mla r5,\x,r12,r5
    ldrb r12,[r1],#1
    mla r6,\x,r12,r6
    ldrb r12,[r1],#1
    mla r7,\x,r12,r7
    .endr
    cmp r0,r3
    bne 3b
    stm r2!,{r4-r7}
    add r1,lr
    ldr r7,[sp,#44]
    subs r7,#1
    str r7,[sp,#44]
    bne 2b
    add sp,#8
    pop {r4-r11,pc}
    .size edgec_sums,.-edgec_sums

@ edgec_results(sums, multipliers, y, fours, zero): the results of fours of sums; multipliers of each four are eight
@ words from the next.
    .section .text.edgec_results,"ax",%progbits
    .global edgec_results
    .type edgec_results,%function
    .thumb_func
edgec_results:
    push {r4-r11}
    mov r12,r0
    ldr r0,[sp,#32]
1:  ldm r12!,{r4-r7}
    ldm r1,{r8-r11}
    adds r1,#32
    stmdb sp!,{r2,r3}
    EDGEC_RESULT r4,r8,r2,r3
    EDGEC_RESULT r5,r9,r2,r3
    EDGEC_RESULT r6,r10,r2,r3
    EDGEC_RESULT r7,r11,r2,r3
    ldm sp!,{r2,r3}
    strb r4,[r2],#1
    strb r5,[r2],#1
    strb r6,[r2],#1
    strb r7,[r2],#1
    subs r3,#1
    bne 1b
    pop {r4-r11}
    bx lr
    .size edgec_results,.-edgec_results

@ edgec_all_taps(x, y, operands) and edgec_some_taps: one position of a depthwise convolution, four channels a turn.
@ The operands are those of `Taps` in position.rs. With all taps the biases hold the products of the zero point of the
@ inputs; with some of them it is taken off each input. Stack: x and y of the four channels.
    .macro EDGEC_LANE at, some, sum
    ldrsb r8,[r0,#\at]
    ldrsb r9,[r1],#1
    .if \some
    add r8,r11
    .endif
    mla \sum,r8,r9,\sum
    .endm
    .macro EDGEC_FOURS_OF_TAPS name, some
    .section .text.\name,"ax",%progbits
    .global \name
    .type \name,%function
    .thumb_func
\name:
    push {r0,r1,r4-r11,lr}
    mov r12,r2
1:  ldr r10,[r12,#4]
    ldm r10,{r4-r7}
    ldr r0,[sp]
    ldr r1,[r12]
    ldr r3,[r12,#12]
    ldr r10,[r12,#20]
    .if \some
    ldr r11,[r12,#36]
    .endif
2:  ldr r2,[r12,#16]
3:  EDGEC_LANE 0,\some,r4
    EDGEC_LANE 1,\some,r5
    EDGEC_LANE 2,\some,r6
    EDGEC_LANE 3,\some,r7
    add r0,r10
    subs r2,#1
    bne 3b
    ldrd r8,r9,[r12,#24]
    add r0,r8
    add r1,r9
    subs r3,#1
    bne 2b
    ldrd r0,r1,[r12,#40]
    ldr r2,[r12,#4]
    add r3,r2,#48
    str r3,[r12,#4]
    add r2,r1
    ldm r2,{r8-r11}
    EDGEC_RESULT r4,r8,r2,r3
    EDGEC_RESULT r5,r9,r2,r3
    EDGEC_RESULT r6,r10,r2,r3
    EDGEC_RESULT r7,r11,r2,r3
    ldrd r0,r1,[sp]
    strb r4,[r1],#1
    strb r5,[r1],#1
    strb r6,[r1],#1
    strb r7,[r1],#1
    adds r0,#4
    strd r0,r1,[sp]
    ldr r1,[r12]
    ldr r2,[r12,#32]
    add r1,r2
    str r1,[r12]
    ldr r2,[r12,#8]
    subs r2,#1
    str r2,[r12,#8]
    bne 1b
    add sp,#8
    pop {r4-r11,pc}
    .size \name,.-\name
    .endm
    EDGEC_FOURS_OF_TAPS edgec_all_taps, 0
    EDGEC_FOURS_OF_TAPS edgec_some_taps, 1
    .text
