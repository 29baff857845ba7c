<?php
/**
 * Looks at each connection whose record was written in this request: a renewal whose answer was lost leaves it an end that nobody
 * would come across in time (ConnectionWatch tells).
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

final class SavedConnections
{
    /** @var array<string, true> by subject */
    private array $saved = [];

    public function __construct(private readonly ZoomApps $apps, private readonly Site $site)
    {
    }

    public function register(): void
    {
        add_action('telemed_connection_saved', [$this, 'note']);
        add_action('shutdown', [$this, 'look']);
    }

    /** The extension is in the midst of its work on the record: it is looked at later. */
    public function note(string $subject): void
    {
        $this->saved[$subject] = true;
    }

    public function look(): void
    {
        if ($this->saved === [] || get_option(Schema::OPTION) === false) {
            // Nothing was saved, or the plugin was uninstalled meanwhile: a look would make the site's id anew.
            return;
        }
        foreach (array_keys($this->saved) as $subject) {
            $doctor = $this->site->userOf((string) $subject);
            if ($doctor === null) {
                continue;
            }
            try {
                $this->apps->connection($doctor);
            } catch (Problem | DatabaseException | \Telemed\TelemedException) {
                // Not in this mode, or not readable now: the next look tells.
                continue;
            }
        }
        $this->saved = [];
    }
}
