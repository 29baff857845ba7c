<?php

/**
 * Does one thing wrong with a block of memory, on purpose: php wrong.php WHAT SIZE OFFSET. It shows that what watches the
 * memory sees it. Wants PHP's FFI.
 *
 * @see ValgrindTest.php
 * @see GuardPageTest.php
 */

declare(strict_types=1);

[, $what, $size, $offset] = $argv;
$c = FFI::cdef('unsigned char *malloc(size_t size); void free(unsigned char *block);');
$block = $c->malloc((int) $size);
for ($i = 0; $i < (int) $size; $i++) {
    $block[$i] = 1;
}
$seen = match ($what) {
    'read' => $block[(int) $offset],
    'write' => $block[(int) $offset] = 2,
    'read after free' => after($c, $block, (int) $offset),
    'free twice' => $c->free($block),
    'lose' => lose($c, (int) $size, (int) $offset),
};
if ('read after free' !== $what) {
    $c->free($block);
}
echo "went on\n";

function after(FFI $c, FFI\CData $block, int $offset): int
{
    $c->free($block);
    return $block[$offset];
}

function lose(FFI $c, int $size, int $times): void
{
    for ($i = 0; $i < $times; $i++) {
        $c->malloc($size);
    }
}
