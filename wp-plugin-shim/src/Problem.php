<?php
/**
 * What the plugin itself refuses, with a code for programs and a sentence for people. Zoom's and the extension's errors
 * are Telemed\TelemedException; both meet in ErrorText.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

defined('ABSPATH') || exit;

final class Problem extends \RuntimeException
{
    /**
     * @param string $id     a stable code such as telemed_not_connected
     * @param int    $status the HTTP status that REST answers with
     * @param bool   $isTooMuch whether it was asked for too often
     */
    public function __construct(
        public readonly string $id,
        string $message,
        public readonly string $advice = '',
        public readonly int $status = 400,
        ?\Throwable $previous = null,
        private readonly bool $isTooMuch = false
    ) {
        parent::__construct($message, 0, $previous);
    }

    /** Whether it passes by itself: too much at once, or a service that is down. */
    public function passes(): bool
    {
        return $this->isTooMuch || $this->status === 503;
    }
}
