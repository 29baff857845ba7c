<?php
/**
 * Those of this plugin's own parts that hear of something. Other plugins cannot: for them there are documented actions.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Site;

defined('ABSPATH') || exit;

final class Listeners
{
    /** @var list<\Closure> */
    private array $all = [];

    public function add(\Closure $listener): void
    {
        $this->all[] = $listener;
    }

    public function tell(mixed ...$news): void
    {
        foreach ($this->all as $listener) {
            $listener(...$news);
        }
    }
}
