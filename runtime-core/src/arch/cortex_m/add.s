@ edgec_add(a, b, y, fours, a_multiplier, b_multiplier, constant, shift): weighted sums of four bytes a turn. `y` may be
@ `a`: each four are read before they are written.
    .macro EDGEC_SUM rotate
    sxtb r6,r4\rotate
    sxtb r7,r5\rotate
    mla r6,r6,r8,r10
    mla r6,r7,r9,r6
    asrs r6,r6,r11
    ssat r6,#8,r6
    strb r6,[r2],#1
    .endm

    .section .text.edgec_add,"ax",%progbits
    .global edgec_add
    .type edgec_add,%function
    .thumb_func
edgec_add:
    push {r4-r11,lr}
    ldrd r8,r9,[sp,#36]
    ldrd r10,r11,[sp,#44]
1:  ldr r4,[r0],#4
    ldr r5,[r1],#4
    EDGEC_SUM ""
    EDGEC_SUM ",ror #8"
    EDGEC_SUM ",ror #16"
    EDGEC_SUM ",ror #24"
    subs r3,#1
    bne 1b
    pop {r4-r11,pc}
    .size edgec_add,.-edgec_add
    .text
