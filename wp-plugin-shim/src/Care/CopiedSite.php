<?php
/**
 * Makes a copy a site of its own: it forgets what belongs to the site that it was copied from, ends nothing at Zoom, and gets
 * another id, so that neither site ever takes the other's meetings for its own.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Care;

use TelemedZoom\Apps\OwnAccounts;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Guard;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Extension;
use TelemedZoom\Migration\Upgrade;
use TelemedZoom\Problem;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Site;
use TelemedZoom\Store\Schema;

defined('ABSPATH') || exit;

final class CopiedSite
{
    public function __construct(
        private readonly Guard $guard,
        private readonly Upgrade $upgrade,
        private readonly OthersMeetings $meetings,
        private readonly Database $database,
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
        $this->meetings->leave();
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

    /** The account's credentials alone would make every visit to come a second time. */
    private function restUntilChosen(): void
    {
        $settings = get_option(Settings::OPTION);
        if (is_array($settings)) {
            update_option(Settings::OPTION, ['mode' => '', 'oauth_redirect_uri' => '', 'oauth_redirect_uri_renew' => true] + $settings);
        }
    }
}
