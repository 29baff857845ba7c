<?php
/**
 * Who or what lets go of meetings.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

defined('ABSPATH') || exit;

enum LetsGo: string
{
    /** An app, of which another is in force. */
    case App = 'app';
    /** A Zoom user, whom a doctor has replaced by another. */
    case ZoomUser = 'zoom_user';
    /** A doctor, or an administrator for one, has clicked Disconnect. The doctor stays one. */
    case Disconnected = 'disconnected';
    /** A doctor: the user was deleted, left the site or lost the capability. */
    case Left = 'left';
}
