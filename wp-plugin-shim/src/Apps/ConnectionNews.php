<?php
/**
 * Looks, when the request is over, at each connection that there may be news of: its record was written, or it did not serve. So
 * one that Zoom has just refused is told at once (ConnectionWatch), and one whose renewal was lost, which has an end that nobody
 * would come across in time.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Apps;

use TelemedZoom\Problem;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Site;
use TelemedZoom\Store\Schema;

defined('ABSPATH') || exit;

final class ConnectionNews
{
    /** After AfterRequest, which asks Zoom. */
    private const PRIORITY = 110;

    /** @var array<int, array<array-key, true>> by blog and subject */
    private array $noted = [];

    public function __construct(private readonly ZoomApps $apps, private readonly Site $site)
    {
    }

    public function register(): void
    {
        add_action('shutdown', [$this, 'look'], self::PRIORITY);
    }

    /** The extension may be in the midst of its work on the record: it is looked at later. */
    public function note(string $subject): void
    {
        $this->noted[get_current_blog_id()][$subject] = true;
    }

    public function look(): void
    {
        [$noted, $this->noted] = [$this->noted, []];
        foreach ($noted as $blog => $subjects) {
            $isElsewhere = $blog !== get_current_blog_id();
            if ($isElsewhere) {
                switch_to_blog($blog);
            }
            // Where the plugin was uninstalled meanwhile a look would make the site's id anew.
            if (get_option(Schema::OPTION) !== false) {
                array_map($this->lookAt(...), array_map('strval', array_keys($subjects)));
            }
            if ($isElsewhere) {
                restore_current_blog();
            }
        }
    }

    private function lookAt(string $subject): void
    {
        $doctor = $this->site->userOf($subject);
        if ($doctor === null) {
            return;
        }
        try {
            $this->apps->connection($doctor);
        } catch (Problem | DatabaseException | \Telemed\TelemedException) {
            // Not in this mode, or not readable now: the next look tells.
            return;
        }
    }
}
