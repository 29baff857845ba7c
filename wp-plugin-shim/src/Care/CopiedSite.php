<?php
/**
 * Makes a copy a site of its own: it forgets what belongs to the site that it was copied from, ends nothing at Zoom, and gets
 * another id, so that neither site ever takes the other's meetings for its own.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Care;

use Telemed\Visit;
use TelemedZoom\Apps\OwnAccounts;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Guard;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Extension;
use TelemedZoom\Migration\Upgrade;
use TelemedZoom\Problem;
use TelemedZoom\Run\Moments;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Site;
use TelemedZoom\Store\Schema;
use TelemedZoom\Store\VisitStore;
use TelemedZoom\Store\VisitTables;

defined('ABSPATH') || exit;

final class CopiedSite
{
    /** In one transaction: what is written as one waits for the disk once. */
    private const PORTION = 100;

    public function __construct(
        private readonly Guard $guard,
        private readonly Upgrade $upgrade,
        private readonly VisitStore $visits,
        private readonly VisitTables $tables,
        private readonly Database $database,
        private readonly Moments $moments,
        private readonly Extension $extension,
        private readonly Settings $settings
    ) {
    }

    /**
     * May be repeated after a failure, and goes on where it ended: the fingerprint is taken last.
     *
     * @throws DatabaseException|Problem
     */
    public function becomeItsOwn(): void
    {
        $this->extension->demand();
        $this->upgrade->demand();
        $this->leaveMeetings();
        $this->database->execute('DELETE FROM ' . $this->tables->handovers());
        $this->database->execute('DELETE FROM ' . Schema::tokens());
        global $wpdb;
        foreach ([Doctors::META_CONNECTED, Doctors::META_AUTHORIZING, OwnAccounts::META] as $option) {
            delete_metadata('user', 0, $wpdb->get_blog_prefix() . $option, '', true);
        }
        $this->settings->forgetOtherApps();
        delete_option(Site::OPTION_ID);
        delete_option(Site::OPTION_SECRET);
        $this->restUntilChosen();
        $this->guard->remember(resting: true);
    }

    /**
     * Meetings at Zoom are the other site's, also those that must go; and the same people hear of them from there.
     *
     * @throws DatabaseException
     */
    private function leaveMeetings(): void
    {
        $last = 0;
        do {
            $ids = array_map('intval', array_column($this->database->rows(
                "SELECT id FROM {$this->tables->visits()} v WHERE id > ? AND (EXISTS (SELECT 1 FROM {$this->tables->meetings()} m WHERE m.visit = v.id AND m.role <> 'done')
                 OR EXISTS (SELECT 1 FROM {$this->tables->outbox()} o WHERE o.visit = v.id AND o.place IN ('waiting', 'sending'))) ORDER BY id LIMIT " . self::PORTION,
                [$last]
            ), 'id'));
            $this->database->atomically(function () use ($ids): void {
                $at = $this->moments->now();
                foreach ($ids as $id) {
                    $this->visits->change($id, static fn(Visit $visit): Visit => $visit->copied($at), $at);
                }
            });
            $last = $ids === [] ? $last : end($ids);
        } while (count($ids) === self::PORTION);
    }

    /** The account's credentials alone would make every visit to come a second time. */
    private function restUntilChosen(): void
    {
        $settings = get_option(Settings::OPTION);
        if (is_array($settings)) {
            update_option(Settings::OPTION, ['mode' => '', 'oauth_redirect_uri' => '', 'oauth_redirect_uri_renew' => true] + $settings);
        }
    }
}
