<?php
/**
 * What stands in a visit's way, in words: by its stable name where the second core itself has found it, else as whoever found it said.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

defined('ABSPATH') || exit;

final class ProblemText
{
    /** @param array<string, mixed> $problem as a meeting's row has it: `id` and `parameters` */
    public static function of(array $problem): string
    {
        $told = trim(implode(' ', array_filter([
            self::sentence((string) ($problem['parameters']['message'] ?? '')),
            self::sentence((string) ($problem['parameters']['advice'] ?? '')),
        ])));
        return match ($problem['id'] ?? '') {
            'writes_used_up' => sprintf(
                /* translators: %s: a number */
                __('Zoom lets each host make and change %s meetings a day, and today\'s are used up or kept for today\'s visits. It goes on at 00:00 UTC.', 'telemed-zoom'),
                $problem['parameters']['per_day'] ?? ''
            ),
            'share_used_up' => sprintf(
                /* translators: %s: a number */
                __('Of the %s meetings that Zoom lets a host make and change a day, the visits of one patient may take only a part, and this patient\'s is used up today. It goes on at 00:00 UTC.', 'telemed-zoom'),
                $problem['parameters']['per_day'] ?? ''
            ),
            'alike' => __('At Zoom is a meeting of this host at this time that may be this visit\'s or not. A person has to look.', 'telemed-zoom'),
            default => $told !== '' ? $told : (string) ($problem['id'] ?? ''),
        };
    }

    private static function sentence(string $text): string
    {
        $text = ucfirst(trim($text));
        return $text === '' || preg_match('/[.!?]$/u', $text) === 1 ? $text : $text . '.';
    }
}
