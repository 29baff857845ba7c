<?php
/**
 * What a change claims is not to be had any more: all of it is taken back.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

defined('ABSPATH') || exit;

final class NotToBeHad extends \RuntimeException
{
}
