<?php
/**
 * What Check has found, as the settings page keeps and shows it. Of an OAuth app without a doctor the extension looks at
 * all that there is and then misses a connection: here that is no failure.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

defined('ABSPATH') || exit;

final class CheckResult
{
    private const FAILED = 'failed';
    private const SKIPPED = 'skipped';
    private const TOKEN = 'token';

    /** @param list<array<string, mixed>> $steps as Telemed\Diagnosis has them */
    private function __construct(public readonly bool $passed, public readonly string $message, public readonly array $steps)
    {
    }

    /** @param bool $isOfAppOnly whether it was made for an OAuth app and no doctor */
    public static function of(\Telemed\Diagnosis $diagnosis, bool $isOfAppOnly): self
    {
        return $isOfAppOnly ? self::ofApp($diagnosis) : new self($diagnosis->passed(), $diagnosis->message(), $diagnosis->steps());
    }

    private static function ofApp(\Telemed\Diagnosis $diagnosis): self
    {
        $steps = $diagnosis->steps();
        $results = array_column($steps, 'result', 'id');
        // What comes before the token has told what it had to tell.
        $isSound = ($results['credentials'] ?? '') === 'passed' && array_keys($results, self::FAILED, true) === [self::TOKEN];
        if (!$isSound) {
            return new self($diagnosis->passed(), $diagnosis->message(), $steps);
        }
        foreach ($steps as &$step) {
            if ($step['id'] === self::TOKEN || $step['result'] === self::SKIPPED) {
                $step = ['result' => self::SKIPPED, 'advice' => __('No doctor was named: look at each doctor\'s connection on its own.', 'telemed-zoom')] + $step;
            }
        }
        return new self(true, __('Zoom knows the app. Next: each doctor connects their own Zoom account, on their profile on this site.', 'telemed-zoom'), $steps);
    }
}
