<?php
/**
 * Mails leave when the answer of their request is with the browser, where the server allows it: a mail server takes seconds, and
 * whoever books waits for none. What is to be told is written down before, so a request that dies here loses nothing.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Mail;

use TelemedZoom\Site\Answer;

defined('ABSPATH') || exit;

final class Outbox
{
    /** @var list<array{int, \Closure(): void}> the blog, and what sends the mail */
    private array $waiting = [];
    private bool $isOver = false;

    public function register(): void
    {
        // Before what goes to Zoom when the request is over, which may take long.
        add_action('shutdown', [$this, 'empty'], 90);
    }

    /** @param \Closure(): void $send never throws */
    public function put(\Closure $send): void
    {
        if ($this->isOver || !Answer::isAwaited()) {
            $send();
            return;
        }
        $this->waiting[] = [get_current_blog_id(), $send];
    }

    public function empty(): void
    {
        $this->isOver = true;
        if ($this->waiting === []) {
            return;
        }
        // Elsewhere the browser waits, as for any mail of WordPress'.
        Answer::send();
        foreach ($this->waiting as [$blog, $send]) {
            $isElsewhere = is_multisite() && $blog !== get_current_blog_id();
            if ($isElsewhere) {
                switch_to_blog($blog);
            }
            $send();
            if ($isElsewhere) {
                restore_current_blog();
            }
        }
        $this->waiting = [];
    }
}
