<?php
/**
 * The moment of each input by the site's clock, with the clinic's choices.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Run;

use Telemed\Moment;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Site;

defined('ABSPATH') || exit;

final class SiteMoments implements Moments
{
    /** @param \Closure(): array<string, int|bool> $policies as \Telemed\Moment takes them, of the blog that is the current one then */
    public function __construct(private readonly Site $site, private readonly \Closure $policies)
    {
    }

    public function now(): Moment
    {
        return new Moment(new \DateTimeImmutable('@' . $this->seconds()), $this->site->id(), ($this->policies)());
    }

    public function seconds(): int
    {
        return Clock::now();
    }
}
